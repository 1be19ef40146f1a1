variable "name" {
  description = "Prefix of every name, <organisation>-<environment>."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]+-[a-z][a-z0-9]+$", var.name))
    error_message = "name is \"${var.name}\": give the prefix output of the naming module, <organisation>-<environment>."
  }
}

variable "file_system_id" {
  description = "Id of the shared storage, in the primary region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^fs-[0-9a-f]{8,40}$", var.file_system_id))
    error_message = "file_system_id is \"${var.file_system_id}\": give file_system_id of 20-storage."
  }
}

variable "storage_key_arn" {
  description = "ARN of the replica of the key `storage` in the recovery region, which encrypts the replica at rest."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.storage_key_arn))
    error_message = "storage_key_arn is \"${var.storage_key_arn}\": give the full ARN of a KMS key (recovery_key_arns.storage of 10-foundation)."
  }
}

variable "tiers" {
  description = "Days without a read after which a file moves into a cheaper tier (tiers of catalog/shared-storage.yaml)."
  type        = object({ ia_days = number, archive_days = number })
  nullable    = false

  validation {
    condition     = var.tiers.archive_days > var.tiers.ia_days
    error_message = "tiers has archive_days = ${var.tiers.archive_days} and ia_days = ${var.tiers.ia_days}: a file goes through Infrequent Access before it is archived."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the replica (docs/adr/0006). False only where the data are disposable."
  type        = bool
  nullable    = false
}
