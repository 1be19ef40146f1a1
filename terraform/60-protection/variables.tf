# The naming module validates the first four; the backup module the others. Schedules, retentions and targets stand in
# catalog/recovery.yaml.

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
  description = "Refuse to delete the vaults and the replica of the shared storage (docs/adr/0006). False only where that is disposable, as on the local cloud."
  type        = bool
  default     = true
  nullable    = false
}

variable "backup_lock" {
  description = "governance or compliance. A lock in compliance mode can never be undone, by nobody, once backup_lock_changeable_for_days are over."
  type        = string
  default     = "governance"
  nullable    = false
}

variable "backup_lock_changeable_for_days" {
  description = "Days for which a lock in compliance mode can still be taken away, 3 or more."
  type        = number
  default     = 14
  nullable    = false
}

variable "watched_backups" {
  description = "Plans of catalog/recovery.yaml whose missing recovery points raise an alarm. Leave daily out where no volume has the tag kosha:backup=daily yet."
  type        = set(string)
  default     = ["critical", "daily"]
  nullable    = false
}

variable "restore_testing" {
  description = "Whether the newest copies are restored every week in the recovery region, and deleted again."
  type        = bool
  default     = true
  nullable    = false
}

variable "backup_framework" {
  description = "Whether AWS Backup Audit Manager watches the backups. Needs AWS Config: where config_rules is empty, it can see nothing."
  type        = bool
  default     = true
  nullable    = false
}
