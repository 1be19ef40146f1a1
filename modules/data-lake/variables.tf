variable "name" {
  description = "Prefix of every name, <organisation>-<environment>."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.name)) && length(var.name) <= 30
    error_message = "name must be <organisation>-<environment> in lower case, at most 30 characters, or bucket names grow past S3's 63; pass the naming module's prefix."
  }
}

variable "data_classes" {
  description = "The data classes of catalog/data-classes.yaml (its `classes`): the prefix of each and how long S3 keeps what lies below it; replica_transitions where the replica ages otherwise than the lake."
  type = map(object({
    prefix = string
    lifecycle = object({
      transitions         = list(object({ days = number, storage_class = string }))
      replica_transitions = optional(list(object({ days = number, storage_class = string })))
      noncurrent_days     = number
      expire_days         = optional(number)
    })
  }))
  nullable = false

  validation {
    condition     = length(var.data_classes) > 0
    error_message = "data_classes is empty; pass the classes of catalog/data-classes.yaml."
  }

  validation {
    condition = alltrue(flatten([
      for name, class in var.data_classes : [
        for other_name, other in var.data_classes : !startswith("${class.prefix}/", "${other.prefix}/") if other_name != name
      ]
    ]))
    error_message = "two data classes share a prefix or one lies inside the other's; give each class of catalog/data-classes.yaml a prefix of its own, or two lifecycles would fight over one object."
  }

  validation {
    condition = alltrue(flatten([
      for class in var.data_classes : [
        for transition in concat(class.lifecycle.transitions, class.lifecycle.replica_transitions == null ? [] : class.lifecycle.replica_transitions) :
        contains(["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"], transition.storage_class) &&
        transition.days >= (contains(["STANDARD_IA", "ONEZONE_IA"], transition.storage_class) ? 30 : 1)
      ]
    ]))
    error_message = "a transition names no S3 storage class, or goes to an infrequent-access class before day 30, which S3 refuses; correct lifecycle.transitions or replica_transitions in catalog/data-classes.yaml."
  }

  validation {
    condition = alltrue([
      for class in var.data_classes :
      class.lifecycle.expire_days == null ? true : alltrue([
        for transition in concat(class.lifecycle.transitions, class.lifecycle.replica_transitions == null ? [] : class.lifecycle.replica_transitions) :
        transition.days < class.lifecycle.expire_days
      ])
    ])
    error_message = "a data class expires before its last transition; raise expire_days or drop the transition in catalog/data-classes.yaml."
  }

  validation {
    condition     = alltrue([for class in var.data_classes : class.lifecycle.noncurrent_days >= 1])
    error_message = "noncurrent_days must be at least 1: an overwritten or deleted version is what a mistake is undone from."
  }
}

variable "lake_key_arn" {
  description = "ARN of the `lake` key in the primary region: encrypts the lake and the reports."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.lake_key_arn))
    error_message = "lake_key_arn must be the full ARN of a KMS key (key_arns.lake of 10-foundation)."
  }
}

variable "replica_key_arn" {
  description = "ARN of the replica of the `lake` key in the recovery region. S3 treats a multi-region key as two keys, so the replica bucket needs this one."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.replica_key_arn))
    error_message = "replica_key_arn must be the full ARN of a KMS key in the recovery region (recovery_key_arns.lake of 10-foundation)."
  }

  validation {
    condition     = var.replica_key_arn != var.lake_key_arn
    error_message = "replica_key_arn is the primary's key; S3 needs a key of the recovery region for the replica (recovery_key_arns.lake of 10-foundation)."
  }
}

variable "exempt_role_arns" {
  description = "Roles that may read objects before these have a data_class tag: the transfer, which reads back what it wrote to verify it. Everyone else is denied."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.exempt_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*]+$", arn))])
    error_message = "each of exempt_role_arns must be the ARN of one IAM role, without wildcards: an exemption names who has it."
  }
}

variable "reader_role_arns" {
  description = "Data class -> roles that may read it: those of the duties of the access matrix, and those of the platform that must. A class that is missing is read by exempt_role_arns alone."
  type        = map(list(string))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in flatten(values(var.reader_role_arns)) : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*]+$", arn))])
    error_message = "each of reader_role_arns must be the ARN of one IAM role, without wildcards: the access matrix names who reads."
  }

  validation {
    condition     = length(setsubtract(keys(var.reader_role_arns), keys(var.data_classes))) == 0
    error_message = "reader_role_arns names a class that data_classes has not: ${join(", ", setsubtract(keys(var.reader_role_arns), keys(var.data_classes)))}."
  }
}

variable "tagging_role_arns" {
  description = "Roles that may write tags of objects: the functions that classify, and who uploads with tags. Everyone else is denied, the account's administrators included."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.tagging_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*]+$", arn))])
    error_message = "each of tagging_role_arns must be the ARN of one IAM role, without wildcards: who may write tags may read everything."
  }
}

variable "recovery_roles" {
  description = "Roles of the standby with the rights of those above, for the replica alone: exempt, readers (data class -> roles), tagging. They are named before they exist."
  type = object({
    exempt  = optional(list(string), [])
    readers = optional(map(list(string)), {})
    tagging = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for arn in concat(var.recovery_roles.exempt, flatten(values(var.recovery_roles.readers)), var.recovery_roles.tagging) : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*]+$", arn))])
    error_message = "each of recovery_roles must be the ARN of one IAM role, without wildcards: who tags or reads the replica has a name."
  }
}

variable "replica_writer_role_arns" {
  description = "Roles that may upload to the replica, and delete there, besides the replication: the transfer that runs in the recovery region after a failover. Nobody else, administrators included: what is written there flows back into the lake."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.replica_writer_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*]+$", arn))])
    error_message = "each of replica_writer_role_arns must be the ARN of one IAM role, without wildcards: what it writes flows back into the lake."
  }
}

variable "replica_lock_days" {
  description = "Days for which nobody can delete or overwrite a version in the replica (Object Lock, GOVERNANCE), nor hide one there by hand. Null locks nothing. Choose before the first apply: S3 gives Object Lock to a bucket for good, and Terraform to a new bucket only."
  type        = number
  default     = null

  validation {
    condition     = var.replica_lock_days == null ? true : var.replica_lock_days >= 1 && floor(var.replica_lock_days) == var.replica_lock_days
    error_message = "replica_lock_days must be a whole number of days, 1 or more, or null for a replica without a lock."
  }

  validation {
    condition = alltrue([
      for class in var.data_classes : class.lifecycle.expire_days == null || var.replica_lock_days == null ? true : class.lifecycle.expire_days >= var.replica_lock_days
    ])
    error_message = "a data class expires before replica_lock_days are over: S3 would hide in the replica what it may not delete; lower replica_lock_days or raise expire_days in catalog/data-classes.yaml."
  }
}

variable "batch_role_arns" {
  description = "Roles of S3 Batch Operations that write completion reports to the bucket for reports. S3 encrypts those with SSE-S3, whatever the bucket's key."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.batch_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*]+$", arn))])
    error_message = "each of batch_role_arns must be the ARN of one IAM role, without wildcards: others write under the key."
  }
}

variable "log_days" {
  description = "Days access logs and transfer reports are kept. Indian law asks for logs of one year (DPDP Rules 2025, rule 6(1)(e))."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.log_days >= 365
    error_message = "log_days must be at least 365: logs are kept a year by law."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the buckets and what they hold (docs/adr/0006). False only where the data are disposable."
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
