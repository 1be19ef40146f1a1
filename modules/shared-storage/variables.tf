# modules/storage-access validates what it is given of these.

variable "name" {
  description = "Prefix of every name, <organisation>-<environment>."
  type        = string
  nullable    = false
}

variable "vpc_id" {
  description = "The VPC the mount targets' security group belongs to."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Private subnets, one in each availability zone; each gets a mount target."
  type        = list(string)
  nullable    = false
}

variable "client_security_group_ids" {
  description = "Security groups that may reach NFS, by what they are for (workers, transfer, functions)."
  type        = map(string)
  nullable    = false
}

variable "storage_key_arn" {
  description = "ARN of the `storage` key, which encrypts the file system at rest."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.storage_key_arn))
    error_message = "storage_key_arn must be the full ARN of a KMS key (key_arns.storage of 10-foundation): EFS takes no alias."
  }
}

variable "posix" {
  description = "Owner of everything on the file system: every client acts as this user and group, whoever it is in its container."
  type        = object({ uid = number, gid = number })
  nullable    = false
}

variable "directories" {
  description = "The directories of catalog/shared-storage.yaml (its `directories`): each is made by an access point with this mode. The scratch cleaner enters those that are cleaned."
  type = map(object({
    mode             = string
    harmless_to_lose = optional(bool, false)
    cleaned          = optional(bool, false)
  }))
  nullable = false
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

variable "transfers" {
  description = "The transfers of catalog/shared-storage.yaml (its `transfers`): each copies one directory and gets a client role for it."
  type        = map(object({ directory = string }))
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to delete the file system (docs/adr/0006). False only where the data are disposable."
  type        = bool
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "ARN of the boundary of every role of the platform (handoff of 10-foundation)."
  type        = string
  nullable    = false
}
