variable "role_name" {
  description = "Name of the role S3 replicates with."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.role_name)) && length(var.role_name) <= 64
    error_message = "role_name must begin with <organisation>-<environment>, in lower case, and have at most IAM's 64 characters."
  }
}

variable "from" {
  description = "The bucket that is copied, in the provider's region, the key its objects are encrypted with, and whether it has Object Lock."
  type        = object({ bucket = string, key_arn = string, object_lock = optional(bool, false) })
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.from.key_arn))
    error_message = "from.key_arn must be the full ARN of a KMS key: the role may use that key alone."
  }
}

variable "to" {
  description = "The bucket copies are written to, in another region, and the key they are encrypted with there. S3 treats a multi-region key as two keys, so this is the one of that region."
  type        = object({ bucket = string, key_arn = string, object_lock = optional(bool, false) })
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.to.key_arn))
    error_message = "to.key_arn must be the full ARN of a KMS key: without one S3 leaves out every object that is encrypted with KMS, silently."
  }

  validation {
    condition     = var.to.bucket != var.from.bucket && try(split(":", var.to.key_arn)[3], "to") != try(split(":", var.from.key_arn)[3], "from")
    error_message = "to is in the region of from: a copy that is to outlive a region lies in another one, under a key of that region."
  }

  validation {
    condition     = var.to.object_lock || !var.from.object_lock
    error_message = "from has Object Lock and to has none: S3 replicates only to buckets that have it, too; set object_lock of that bucket."
  }
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
