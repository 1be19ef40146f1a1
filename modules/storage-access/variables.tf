variable "name" {
  description = "Prefix of every name: <organisation>-<environment>, and -recovery after it for the standby."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.name)) && length(var.name) <= 30
    error_message = "name must be <organisation>-<environment> in lower case, at most 30 characters; pass the naming module's prefix."
  }
}

variable "file_system" {
  description = "The file system: one that modules/shared-storage makes, or the replica of one."
  type        = object({ id = string, arn = string })
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:elasticfilesystem:[a-z0-9-]+:[0-9]{12}:file-system/fs-[0-9a-f]+$", var.file_system.arn)) && endswith(var.file_system.arn, "/${var.file_system.id}")
    error_message = "file_system is ${var.file_system.id} with ${var.file_system.arn}: give id (fs-...) and ARN of one file system."
  }
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

  validation {
    condition     = length(var.subnet_ids) >= 2 && length(distinct(var.subnet_ids)) == length(var.subnet_ids)
    error_message = "subnet_ids must name at least two different subnets in different zones: with one mount target the loss of a zone is the loss of the file system."
  }
}

variable "client_security_group_ids" {
  description = "Security groups that may reach NFS, by what they are for (workers, transfer, functions)."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.client_security_group_ids) > 0
    error_message = "client_security_group_ids is empty: nobody could mount; pass security_group_ids of 10-foundation."
  }
}

variable "posix" {
  description = "Owner of everything on the file system: every client acts as this user and group, whoever it is in its container."
  type        = object({ uid = number, gid = number })
  nullable    = false

  validation {
    condition     = var.posix.uid >= 10000 && var.posix.gid >= 10000
    error_message = "posix.uid and posix.gid must be 10000 or more (catalog/shared-storage.yaml): lower ids are root and system users of the nodes."
  }
}

variable "directories" {
  description = "The directories of catalog/shared-storage.yaml (its `directories`): each is made by an access point with this mode. The scratch cleaner enters those that are cleaned."
  type = map(object({
    mode             = string
    harmless_to_lose = optional(bool, false)
    cleaned          = optional(bool, false)
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.directories) : can(regex("^[a-z][a-z0-9-]{0,15}$", name))])
    error_message = "a directory's name must begin with a letter and hold at most 16 lower-case letters, digits and hyphens; it lies directly below the root."
  }

  validation {
    condition     = alltrue([for directory in values(var.directories) : can(regex("^0[0-7]{2}[0145]$", directory.mode))])
    error_message = "a directory's mode must be four octal digits that let others write nothing, e.g. \"0770\" or \"0755\" (catalog/shared-storage.yaml)."
  }
}

variable "transfers" {
  description = "The transfers of catalog/shared-storage.yaml (its `transfers`): each copies one directory and gets a client role for it."
  type        = map(object({ directory = string }))
  nullable    = false

  validation {
    condition     = length(var.transfers) > 0 && alltrue([for transfer in values(var.transfers) : contains(keys(var.directories), transfer.directory)])
    error_message = "transfers is empty or copies a directory that there is not: name one of directories (catalog/shared-storage.yaml)."
  }

  validation {
    condition     = alltrue([for transfer in values(var.transfers) : try(!var.directories[transfer.directory].harmless_to_lose, true)])
    error_message = "a directory that a transfer copies must not be harmless_to_lose: a file there may have no copy yet."
  }
}

variable "policy_enabled" {
  description = "Whether the file system's policy is made here. False for the replica of a shared storage, which has the one that modules/storage-replica makes: a file system has one policy."
  type        = bool
  default     = true
  nullable    = false
}

variable "deletion_protection" {
  description = "Let EFS refuse to delete the file system, by its policy (docs/adr/0006). False only where the data are disposable."
  type        = bool
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "ARN of the boundary of every role of the platform (handoff of 10-foundation)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn is \"${var.permissions_boundary_arn}\": give the ARN of the boundary policy (permissions_boundary_arn of 10-foundation)."
  }
}
