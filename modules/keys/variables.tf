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

variable "launching_role_arns" {
  description = "ARNs of the service-linked roles that start nodes in their own name, whose volumes the key `volumes` encrypts: autoscaling and spot. They must exist: KMS refuses a policy that names a principal that does not."
  type = object({
    autoscaling = string
    spot        = string
  })
  nullable = false

  validation {
    condition     = alltrue([for service, arn in var.launching_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/aws-service-role/${service}[.]amazonaws[.]com/", arn))])
    error_message = "launching_role_arns are ${join(", ", values(var.launching_role_arns))}: give arn:<partition>:iam::<account>:role/aws-service-role/<service>.amazonaws.com/<role> for autoscaling and spot."
  }
}
