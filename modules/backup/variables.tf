variable "name" {
  description = "Prefix of every name, <organisation>-<environment>. Its roles are <name>-backup and <name>-restore."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]+-[a-z][a-z0-9]+$", var.name))
    error_message = "name is \"${var.name}\": give the prefix output of the naming module, <organisation>-<environment>."
  }
}

variable "timezone" {
  description = "Timezone of the schedules: business_hours.timezone of catalog/recovery.yaml."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z_]+(/[A-Za-z_+-]+)+$", var.timezone))
    error_message = "timezone is \"${var.timezone}\": give the name of one, such as Asia/Kolkata."
  }
}

variable "backups" {
  description = "Plans: backups of catalog/recovery.yaml. Kept for keep_days in both regions."
  type = map(object({
    description = string
    protects    = string
    schedule    = string
    keep_days   = number
  }))
  nullable = false

  validation {
    condition     = length(var.backups) > 0 && alltrue([for backup in values(var.backups) : contains(["volumes", "shared_storage"], backup.protects)])
    error_message = "backups ${join(", ", [for name, backup in var.backups : "${name} (${backup.protects})" if !contains(["volumes", "shared_storage"], backup.protects)])} protect what this module knows nothing of: volumes or shared_storage, and at least one."
  }

  # With two plans of one kind the alarm of either would be silent while the other works.
  validation {
    condition     = length(distinct(values(var.backups)[*].protects)) == length(var.backups)
    error_message = "two backups protect the same: AWS Backup counts recovery points by vault and type, so nobody would notice if one of them stopped."
  }

  validation {
    condition     = alltrue([for backup in values(var.backups) : backup.keep_days >= 7 && floor(backup.keep_days) == backup.keep_days])
    error_message = "backups ${join(", ", [for name, backup in var.backups : "${name} (${backup.keep_days})" if backup.keep_days < 7 || floor(backup.keep_days) != backup.keep_days])} are not kept for a whole number of 7 days or more: the weekly restore test would find none."
  }
}

variable "watched_backups" {
  description = "Plans (names of backups) whose missing recovery points raise an alarm. Leave daily out only where no volume has the tag yet."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(setsubtract(var.watched_backups, keys(var.backups))) == 0
    error_message = "watched_backups has ${join(", ", setsubtract(var.watched_backups, keys(var.backups)))}, which are no backups: choose from ${join(", ", keys(var.backups))}."
  }
}

variable "file_system_arn" {
  description = "ARN of the shared storage."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:elasticfilesystem:[a-z0-9-]+:[0-9]{12}:file-system/fs-", var.file_system_arn))
    error_message = "file_system_arn is \"${var.file_system_arn}\": give file_system_arn of 20-storage."
  }
}

variable "key_arns" {
  description = "Keys of the primary region: what encrypts recovery points, the shared storage and volumes."
  type        = object({ backup = string, storage = string, volumes = string })
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.key_arns) : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", arn))])
    error_message = "key_arns is ${jsonencode(var.key_arns)}: give the full ARNs of KMS keys (key_arns of 10-foundation)."
  }
}

variable "recovery_key_arns" {
  description = "The replicas of these keys in the recovery region."
  type        = object({ backup = string, storage = string, volumes = string })
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.recovery_key_arns) : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", arn))])
    error_message = "recovery_key_arns is ${jsonencode(var.recovery_key_arns)}: give the full ARNs of KMS keys (recovery_key_arns of 10-foundation)."
  }
}

variable "lock" {
  description = "Whether the vaults are locked in governance or in compliance mode. The latter can never be undone once lock_changeable_for_days are over."
  type        = string
  default     = "governance"
  nullable    = false

  validation {
    condition     = contains(["governance", "compliance"], var.lock)
    error_message = "lock is \"${var.lock}\": give governance or compliance. A vault without a lock is none for backups."
  }

  validation {
    condition     = var.lock != "compliance" || var.deletion_protection
    error_message = "lock is compliance where deletion_protection is false: what is disposable must not be locked for ever."
  }
}

variable "lock_changeable_for_days" {
  description = "Days for which a lock in compliance mode can still be taken away."
  type        = number
  default     = 14
  nullable    = false

  # https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultLockConfiguration.html
  validation {
    condition     = var.lock_changeable_for_days >= 3 && floor(var.lock_changeable_for_days) == var.lock_changeable_for_days
    error_message = "lock_changeable_for_days is ${var.lock_changeable_for_days}: AWS Backup asks for a whole number of 3 or more."
  }
}

variable "restore_testing" {
  description = "Whether the newest copies are restored every week in the recovery region, and deleted again. Costs what they occupy for some hours."
  type        = bool
  nullable    = false
}

variable "framework" {
  description = "Whether AWS Backup Audit Manager watches the backups. Needs AWS Config (config_rules of 50-audit)."
  type        = bool
  nullable    = false
}

variable "topic_arn" {
  description = "ARN of the topic in the primary region that alarms there publish to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:", var.topic_arn))
    error_message = "topic_arn is \"${var.topic_arn}\": give the ARN of an SNS topic (topic_arns.platform of 10-foundation)."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the vaults (docs/adr/0006). False only where backups are disposable, as on the local cloud."
  type        = bool
  nullable    = false
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
