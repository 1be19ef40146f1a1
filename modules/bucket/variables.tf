variable "bucket" {
  description = "Full name of the bucket, as the naming rules make it: <organisation>-<environment>-<purpose>-<region>."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket must be 3 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit; shorten the organisation or the purpose."
  }
}

variable "key_arn" {
  description = "ARN of the KMS key every object is encrypted with, in the bucket's own region. Null only for a bucket that receives S3 server access logs: S3 cannot deliver them to a bucket encrypted with KMS."
  type        = string
  default     = null

  validation {
    condition     = var.key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.key_arn))
    error_message = "key_arn must be the full ARN of a KMS key (arn:...:key/...), not an alias or a key id: bucket policies compare ARNs."
  }

  validation {
    condition     = (var.key_arn == null) == (var.access_log_sources_account != null)
    error_message = "key_arn may be left out for a bucket of access logs (access_log_sources_account is given) and must be left out there; give every other bucket its KMS key."
  }
}

variable "access_log_bucket" {
  description = "Name of the bucket in the same region that receives this bucket's access logs. Null only for that bucket itself: logging into itself would never end."
  type        = string
  default     = null

  validation {
    condition     = (var.access_log_bucket == null) == (var.access_log_sources_account != null)
    error_message = "access_log_bucket may be left out for a bucket of access logs (access_log_sources_account is given) and must be left out there; give every other bucket one to log to."
  }
}

variable "access_log_sources_account" {
  description = "Account id whose buckets may deliver their access logs here. Null for a bucket that receives none."
  type        = string
  default     = null

  validation {
    condition     = var.access_log_sources_account == null || can(regex("^[0-9]{12}$", var.access_log_sources_account))
    error_message = "access_log_sources_account must be an account id of twelve digits, or null for a bucket that receives no access logs."
  }
}

variable "lifecycle_rules" {
  description = "Lifecycle by key prefix (a map from the rule's id). Transitions and expiry count days after an object's creation, noncurrent_days those after it was overwritten or deleted; expire_days null keeps the current version for good."
  type = map(object({
    prefix          = string
    transitions     = optional(list(object({ days = number, storage_class = string })), [])
    noncurrent_days = number
    expire_days     = optional(number)
  }))
  nullable = false

  validation {
    condition     = length(var.lifecycle_rules) > 0
    error_message = "lifecycle_rules must hold at least one rule: state how long this bucket keeps what it holds."
  }

  # Logs and reports are kept a year by law (DPDP Rules 2025, rule 6(1)(e)), data longer or for good.
  validation {
    condition     = alltrue([for rule in values(var.lifecycle_rules) : rule.expire_days == null ? true : rule.expire_days >= 365])
    error_message = "a rule of lifecycle_rules expires what is current before day 365: keep it a year, or for good (null)."
  }
}

variable "object_lock_days" {
  description = "Days for which no version can be deleted or overwritten (Object Lock, GOVERNANCE). Null locks nothing. Raise it at will: it counts for what is written from then on."
  type        = number
  default     = null

  validation {
    condition     = var.object_lock_days == null ? true : var.object_lock_days >= 1 && floor(var.object_lock_days) == var.object_lock_days
    error_message = "object_lock_days must be a whole number of days, 1 or more, or null for a bucket without a lock."
  }

  validation {
    condition = alltrue([
      for rule in values(var.lifecycle_rules) : rule.expire_days == null || var.object_lock_days == null ? true : rule.expire_days >= var.object_lock_days
    ])
    error_message = "a lifecycle rule expires objects before object_lock_days are over: S3 would hide what it may not delete; raise expire_days."
  }
}

variable "object_lock" {
  description = "Whether single versions can be locked (Object Lock, without a retention for all). A bucket needs it that a locked bucket is replicated to; object_lock_days brings it along."
  type        = bool
  default     = false
  nullable    = false
}

variable "sse_s3_services" {
  description = "Service principals that may ask for SSE-S3 instead of the key, because they cannot do otherwise for all they write."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for service in var.sse_s3_services : can(regex("^[a-z0-9.-]+[.]amazonaws[.]com$", service))])
    error_message = "each of sse_s3_services must be a service principal, such as cloudtrail.amazonaws.com."
  }
}

variable "sse_s3_role_arns" {
  description = "Roles that may ask for SSE-S3 instead of the key, because a service that works in them cannot do otherwise: completion reports of S3 Batch Operations."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.sse_s3_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*]+$", arn))])
    error_message = "each of sse_s3_role_arns must be the ARN of one IAM role, without wildcards: everybody else writes under the key."
  }
}

variable "extra_statements" {
  description = "Further statements of the bucket policy, each as JSON (jsonencode of one statement)."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for statement in var.extra_statements : can(jsondecode(statement).Effect)])
    error_message = "each of extra_statements must be the JSON of one policy statement with an Effect; wrap it in jsonencode()."
  }
}

variable "deletion_protection" {
  description = "Refuse every way to delete the bucket or what it holds along with it (docs/adr/0006). False only where the data are disposable."
  type        = bool
  nullable    = false
}
