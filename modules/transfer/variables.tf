variable "name" {
  description = "Prefix of every name, <organisation>-<environment>."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.name)) && length(var.name) <= 30
    error_message = "name must be <organisation>-<environment> in lower case, at most 30 characters; pass the naming module's prefix."
  }
}

variable "task" {
  description = "Name of the task among the transfers of catalog/shared-storage.yaml: part of every name, and the folder of its reports in the reports bucket."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z-]{0,15}$", var.task))
    error_message = "task is \"${var.task}\": give its name in catalog/shared-storage.yaml, at most 16 lower-case letters and hyphens."
  }
}

variable "lake_prefix" {
  description = "Prefix in the lake that the directory is copied below, and all the task may write; empty for the whole lake."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z][a-z0-9]*(-[a-z0-9]+)*)?$", var.lake_prefix))
    error_message = "lake_prefix is \"${var.lake_prefix}\": give the prefix of a data class without slashes, or nothing."
  }
}

variable "source_location" {
  description = "Where files come from: the file system, the access point of the directory, and the client role it is mounted with."
  type = object({
    file_system_arn  = string
    access_point_arn = string
    role_arn         = string
  })
  nullable = false

  validation {
    condition     = can(regex(":access-point/fsap-", var.source_location.access_point_arn))
    error_message = "source_location.access_point_arn must be the ARN of an access point (access_point_arns of the shared-storage module): without it the file system refuses the mount."
  }
}

variable "network" {
  description = "Where DataSync puts its network interfaces: one private subnet with a mount target in its zone, and the transfer's security group."
  type = object({
    subnet_id         = string
    security_group_id = string
  })
  nullable = false

  validation {
    condition     = startswith(var.network.subnet_id, "subnet-") && startswith(var.network.security_group_id, "sg-")
    error_message = "network needs the id of a subnet (subnet-...) and of a security group (sg-...), from the handoff of 10-foundation."
  }
}

variable "lake_bucket_arn" {
  description = "ARN of the data lake's bucket, which files are copied to: a file's path below the directory is its key, behind lake_prefix."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:s3:::[a-z0-9-]+$", var.lake_bucket_arn))
    error_message = "lake_bucket_arn must be the ARN of a bucket, without a path."
  }
}

variable "reports_bucket_arn" {
  description = "ARN of the bucket for task reports."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:s3:::[a-z0-9-]+$", var.reports_bucket_arn)) && var.reports_bucket_arn != var.lake_bucket_arn
    error_message = "reports_bucket_arn must be the ARN of a bucket other than the lake: a report in the lake would be replicated, tagged and audited as data."
  }
}

variable "lake_key_arn" {
  description = "ARN of the `lake` key, which encrypts both buckets."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.lake_key_arn))
    error_message = "lake_key_arn must be the full ARN of a KMS key (key_arns.lake of 10-foundation)."
  }
}

variable "logs_key_arn" {
  description = "ARN of the `logs` key, which encrypts the log group."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.logs_key_arn))
    error_message = "logs_key_arn must be the full ARN of a KMS key (key_arns.logs of 10-foundation)."
  }
}

variable "in_flight_patterns" {
  description = "Names of files that are still being written (in_flight of catalog/shared-storage.yaml); the transfer leaves them out. A `*` stands at the beginning or the end."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.in_flight_patterns) > 0
    error_message = "in_flight_patterns is empty: half-written files would be copied as if they were finished; pass in_flight of catalog/shared-storage.yaml."
  }

  validation {
    condition     = alltrue([for pattern in var.in_flight_patterns : length(pattern) > 1 && !strcontains(pattern, "|")])
    error_message = "a pattern of in_flight_patterns is empty, a lone `*` (it would leave out everything), or holds `|`, which separates patterns in a DataSync filter; write one pattern for each entry."
  }
}

variable "log_days" {
  description = "Days the transfer's logs are kept; CloudWatch Logs takes certain values only. Indian law asks for logs of one year (DPDP Rules 2025, rule 6(1)(e))."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = contains([400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "log_days must be a retention CloudWatch Logs knows and more than a year: 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
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
