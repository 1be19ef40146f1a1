# The naming module validates the first four; the modules audit-trail and cost the others.

variable "organisation" {
  description = "Short name of the institution: the first part of every name."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "Name of the environment, which is also the name of its file in terraform/environments."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Primary region, where the platform runs."
  type        = string
  nullable    = false
}

variable "recovery_region" {
  description = "Recovery region, which holds a replica of everything."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to delete the trail's bucket with what it holds (docs/adr/0006). False only where that is disposable, as on the local cloud."
  type        = bool
  default     = true
  nullable    = false
}

variable "trail_retention_days" {
  description = "Days the audit trail is kept and locked, 400 or more."
  type        = number
  default     = 400
  nullable    = false
}

variable "trail_log_group_days" {
  description = "Days a second copy of the trail is kept in CloudWatch Logs; null makes none."
  type        = number
  default     = null
}

variable "access_analyzer" {
  description = "Whether IAM Access Analyzer looks for access from outside the account, in both regions."
  type        = bool
  default     = true
  nullable    = false
}

variable "guardduty" {
  description = "Whether GuardDuty watches both regions. Costs by what happens in the account (modules/audit-trail/README.md)."
  type        = bool
  default     = true
  nullable    = false
}

variable "guardduty_features" {
  description = "What GuardDuty looks at besides API calls, flow logs and DNS."
  type        = set(string)
  default     = ["EBS_MALWARE_PROTECTION", "EKS_AUDIT_LOGS", "S3_DATA_EVENTS"]
  nullable    = false
}

variable "config_rules" {
  description = "Managed rules of AWS Config that watch the primary region; an empty list switches Config off."
  type        = set(string)
  default = [
    "cloud-trail-log-file-validation-enabled",
    "efs-encrypted-check",
    "encrypted-volumes",
    "iam-policy-no-statements-with-admin-access",
    "kms-cmk-not-scheduled-for-deletion",
    "required-tags",
    "restricted-ssh",
    "s3-bucket-public-read-prohibited",
    "s3-bucket-replication-enabled",
    "s3-bucket-server-side-encryption-enabled",
  ]
  nullable = false
}

variable "create_config_service_linked_role" {
  description = "Whether to make the service-linked role of AWS Config: true in an account that has never used Config and has rules. One that exists cannot be made again."
  type        = bool
  default     = false
  nullable    = false
}

variable "monthly_budget_usd" {
  description = "What the account is expected to cost in a month, in USD. make cost says what the workload comes to."
  type        = number
  nullable    = false
}

variable "budget_email_addresses" {
  description = "Who is told of budget and anomalies besides those who are subscribed to the topic platform."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "cost_explorer" {
  description = "Whether the account has Cost Explorer. Without it there is the budget alone."
  type        = bool
  default     = true
  nullable    = false
}

variable "cost_anomaly_monitor_arn" {
  description = "ARN of the anomaly monitor of all services, where the account has one already (accounts since March 2023 do); null makes one."
  type        = string
  default     = null
}

variable "cost_allocation_tags" {
  description = "Tags by which bills are divided. AWS refuses those it has not billed anything with for a day, so a new account begins with none."
  type        = set(string)
  default     = []
  nullable    = false
}
