variable "name" {
  description = "Prefix of every name, <organisation>-<environment>. The trail is named <name>-audit, and the policy of the key names it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]+-[a-z][a-z0-9]+$", var.name))
    error_message = "name is \"${var.name}\": give the prefix output of the naming module, <organisation>-<environment>."
  }
}

variable "key_arn" {
  description = "ARN of the key `audit` in the primary region: encrypts the trail's files and the history of the configuration."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.key_arn))
    error_message = "key_arn is \"${var.key_arn}\": give the full ARN of a KMS key (key_arns.audit of 10-foundation)."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the boundary every role of the platform has (modules/guardrails)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn is \"${var.permissions_boundary_arn}\": give the ARN of the boundary policy (permissions_boundary_arn of 10-foundation)."
  }
}

variable "access_log_bucket" {
  description = "Bucket in the primary region that receives the access logs of the buckets made here."
  type        = string
  nullable    = false
}

variable "topic_arn" {
  description = "ARN of the topic that is told of what happened. Its policy must let EventBridge publish (event_topics of modules/alerts)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:", var.topic_arn))
    error_message = "topic_arn is \"${var.topic_arn}\": give the ARN of an SNS topic (topic_arns.platform of 10-foundation)."
  }
}

variable "lake_bucket" {
  description = "Name of the data lake's bucket: calls on its objects are logged, and changes of its guards told."
  type        = string
  nullable    = false
}

variable "replica_bucket" {
  description = "Name of the lake's replica in the recovery region: as the lake."
  type        = string
  nullable    = false
}

variable "reports_bucket" {
  description = "Name of the bucket with reports and the state of automations: calls on its objects are logged."
  type        = string
  nullable    = false
}

variable "tagging_role_arns" {
  description = "Roles whose tagging of the lake's objects is their work. Everybody else's is told, of custodians too."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.tagging_role_arns) > 0 && alltrue([for arn in var.tagging_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*]+$", arn))])
    error_message = "tagging_role_arns must name the roles of the tagging functions by their ARNs, without wildcards: one at least, or each object they tag would be told."
  }
}

variable "retention_days" {
  description = "Days the trail is kept, and locked: a year by rule 6(1)(e) of the DPDP Rules 2025, 180 days within India by CERT-In's directions of 2022, and some more, so that the last day of a year is still there when somebody asks for it."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.retention_days >= 400 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days is ${var.retention_days}: logs are kept a year by law, and 400 days so that none is missing; give a whole number of 400 or more."
  }
}

variable "log_group_days" {
  description = "Days a second copy of the events is kept in CloudWatch Logs, one of the periods it knows. Null makes none."
  type        = number
  default     = null

  validation {
    condition     = var.log_group_days == null ? true : contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_group_days)
    error_message = "log_group_days must be null or a period CloudWatch Logs knows, of a year at least: 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "logs_key_arn" {
  description = "ARN of the key `logs` in the primary region, for the log group."
  type        = string
  default     = null

  validation {
    condition     = var.log_group_days == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.logs_key_arn))
    error_message = "logs_key_arn must be the full ARN of a KMS key (key_arns.logs of 10-foundation) where log_group_days asks for a log group."
  }
}

variable "access_analyzer" {
  description = "Whether IAM Access Analyzer looks in both regions for resources that can be reached from outside the account."
  type        = bool
  default     = true
  nullable    = false
}

variable "guardduty" {
  description = "Whether GuardDuty watches both regions. Costs by what happens in the account."
  type        = bool
  default     = true
  nullable    = false
}

variable "guardduty_features" {
  description = "What GuardDuty looks at besides API calls, flow logs and DNS."
  type        = set(string)
  default     = ["EBS_MALWARE_PROTECTION", "EKS_AUDIT_LOGS", "S3_DATA_EVENTS"]
  nullable    = false

  validation {
    condition     = length(setsubtract(var.guardduty_features, ["EBS_MALWARE_PROTECTION", "EKS_AUDIT_LOGS", "LAMBDA_NETWORK_LOGS", "RDS_LOGIN_EVENTS", "S3_DATA_EVENTS"])) == 0
    error_message = "guardduty_features has ${join(", ", var.guardduty_features)}: choose from EBS_MALWARE_PROTECTION, EKS_AUDIT_LOGS, LAMBDA_NETWORK_LOGS, RDS_LOGIN_EVENTS, S3_DATA_EVENTS. Runtime monitoring needs an agent on the nodes, which nothing here installs."
  }
}

variable "config_rules" {
  description = "Managed rules of AWS Config that watch the primary region, by their names. None switches Config off."
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

  validation {
    condition     = length(setsubtract(var.config_rules, keys(local.known_rules))) == 0
    error_message = "config_rules has ${join(", ", setsubtract(var.config_rules, keys(local.known_rules)))}: choose from ${join(", ", keys(local.known_rules))}. A new one is added to modules/audit-trail/config.tf first, with what it looks at."
  }
}

variable "create_config_service_linked_role" {
  description = "Whether to make the service-linked role of AWS Config. True in an account that has never used Config; a role that exists cannot be made again."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to delete the buckets and what they hold (docs/adr/0006). False only where the data are disposable."
  type        = bool
  nullable    = false
}
