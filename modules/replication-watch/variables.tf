variable "name" {
  description = "Prefix of every name, <organisation>-<environment>."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]+-[a-z][a-z0-9]+$", var.name))
    error_message = "name is \"${var.name}\": give the prefix output of the naming module, <organisation>-<environment>."
  }
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

variable "buckets" {
  description = "Name -> the replication of one bucket to another: the two, the id of the rule, whether it goes to the recovery region, and after how many minutes it is late (targets of catalog/recovery.yaml)."
  type = map(object({
    source       = string
    destination  = string
    rule         = string
    to_recovery  = bool
    late_minutes = number
  }))
  nullable = false

  validation {
    condition     = alltrue([for replication in values(var.buckets) : replication.late_minutes >= 15])
    error_message = "buckets ${join(", ", [for name, replication in var.buckets : "${name} (${replication.late_minutes})" if replication.late_minutes < 15])} are late after less than 15 minutes, which S3 does not promise: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html."
  }
}

variable "file_systems" {
  description = "Name -> the replication of one file system of the primary region to another: the ids of the two, and after how many minutes it is late (targets of catalog/recovery.yaml)."
  type = map(object({
    source       = string
    destination  = string
    late_minutes = number
  }))
  nullable = false

  validation {
    condition     = alltrue([for replication in values(var.file_systems) : replication.late_minutes >= 15])
    error_message = "file_systems ${join(", ", [for name, replication in var.file_systems : "${name} (${replication.late_minutes})" if replication.late_minutes < 15])} are late after less than 15 minutes, which EFS does not aim at: https://docs.aws.amazon.com/efs/latest/ug/efs-replication.html."
  }
}
