variable "name" {
  description = "Prefix of every name, <organisation>-<environment>."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]+-[a-z][a-z0-9]+$", var.name))
    error_message = "name is \"${var.name}\": give the prefix output of the naming module, <organisation>-<environment>."
  }
}

variable "region" {
  description = "Region of the provider aws, where the primary keys lie."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is \"${var.region}\": give the region output of the naming module."
  }
}

variable "recovery_region" {
  description = "Region of the provider aws.recovery, where the replicas lie."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.recovery_region))
    error_message = "recovery_region is \"${var.recovery_region}\": give the recovery_region output of the naming module."
  }

  validation {
    condition     = var.recovery_region != var.region
    error_message = "recovery_region and region are both \"${var.region}\": a replica key must lie in another region than its primary."
  }
}

variable "autoscaling_role_arn" {
  description = "ARN of the service-linked role of EC2 Auto Scaling, which starts the nodes whose volumes the key `volumes` encrypts. The role must exist: KMS refuses a policy that names a principal that does not."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/aws-service-role/autoscaling[.]amazonaws[.]com/", var.autoscaling_role_arn))
    error_message = "autoscaling_role_arn is \"${var.autoscaling_role_arn}\": give arn:<partition>:iam::<account>:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling."
  }
}
