# Values come from terraform/environments/<environment>.tfvars, which all roots share. Validation is the modules'.

variable "organisation" {
  description = "Short name of the institution, the first part of every name."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "Name of the environment, the second part of every name."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Primary region, where the platform runs; one of catalog/residency.yaml."
  type        = string
  nullable    = false
}

variable "recovery_region" {
  description = "Recovery region, which holds a replica of everything; another one of catalog/residency.yaml."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to delete repositories with the images in them (docs/adr/0006). False only where these are disposable, as on the local cloud."
  type        = bool
  default     = true
  nullable    = false
}

variable "vpc_cidr" {
  description = "Private IPv4 range of the VPC, /16 to /20. Choose one that no network you will connect to uses."
  type        = string
  nullable    = false
}

variable "nat_mode" {
  description = "How the private subnets reach the internet: per_az, single or none."
  type        = string
  default     = "per_az"
  nullable    = false
}

variable "interface_endpoints" {
  description = "AWS services to reach without leaving the VPC, by the last part of the endpoint service's name."
  type        = set(string)
  default = [
    "datasync", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticfilesystem", "kms", "logs", "sns", "sqs", "sts",
  ]
  nullable = false
}

variable "flow_log_retention_days" {
  description = "Days to keep the flow logs of the network, 400 or more."
  type        = number
  default     = 400
  nullable    = false
}

variable "alert_subscriptions" {
  description = "Subscription -> who receives the notices of a topic (transfer, data or platform), by which protocol."
  type = map(object({
    topic    = string
    protocol = string
    endpoint = string
  }))
  default  = {}
  nullable = false
}

variable "deployment_role_arns" {
  description = "Roles that apply Terraform: where the service control policy holds, they alone may change the audit trail and the boundary."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "organization_target_id" {
  description = "Account or organisational unit to attach the service control policy to; null where this is not the organisation's management account, which attaches the output service_control_policy."
  type        = string
  default     = null
}

variable "create_service_linked_roles" {
  description = "Which service-linked roles that start nodes to make: autoscaling, spot. Name those the account has never used; one that exists cannot be made again, and the policy of the key `volumes` names both."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.create_service_linked_roles, ["autoscaling", "spot"])) == 0
    error_message = "create_service_linked_roles holds ${join(", ", var.create_service_linked_roles)}: the roles that start nodes are autoscaling and spot."
  }
}
