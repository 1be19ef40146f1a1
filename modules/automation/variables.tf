variable "name" {
  description = "Prefix of every name: <organisation>-<environment>, and -recovery after it for the standby."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.name)) && length(var.name) <= 30
    error_message = "name is \"${var.name}\": give the prefix output of the naming module, <organisation>-<environment>, with -recovery after it for the standby; 30 characters at most."
  }
}

variable "environment" {
  description = "Name of the environment, which the functions' notices bear."
  type        = string
  nullable    = false
}

variable "schedules_enabled" {
  description = "Whether schedules call the functions. False: the schedules exist and call nobody, and nobody is told that functions do not run (a standby)."
  type        = bool
  default     = true
  nullable    = false
}

variable "storage" {
  description = "What the functions work on, all of it in the provider's region: fields of the handoff of 20-storage, or of the standby's own storage."
  type = object({
    access_point_arns  = map(string)
    client_role_arns   = map(string)
    code_bucket        = string
    lake_bucket        = string
    lake_bucket_arn    = string
    reports_bucket     = string
    reports_bucket_arn = string
    transfers = map(object({
      task_arn      = string
      report_prefix = string
      directory     = string
      lake_prefix   = string
      every_minutes = number
    }))
  })
  nullable = false

  validation {
    condition     = length(setsubtract(local.cleaned, keys(var.storage.access_point_arns))) == 0
    error_message = "storage has no access point of ${join(", ", setsubtract(local.cleaned, keys(var.storage.access_point_arns)))}, which catalog/shared-storage.yaml calls cleaned."
  }
}

variable "network" {
  description = "Where functions that mount the shared storage are: private subnets and security groups."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  nullable = false
}

variable "key_arns" {
  description = "Purpose -> ARN of the key of that purpose in the provider's region."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(setsubtract(["alerts", "functions", "lake", "logs", "volumes"], keys(var.key_arns))) == 0
    error_message = "key_arns lacks ${join(", ", setsubtract(["alerts", "functions", "lake", "logs", "volumes"], keys(var.key_arns)))}: give key_arns of 10-foundation, or recovery_key_arns in the recovery region."
  }
}

variable "topic_arns" {
  description = "ARNs of the topics of notices: transfer, data, platform."
  type        = object({ transfer = string, data = string, platform = string })
  nullable    = false
}

variable "cluster_log_group_names" {
  description = "Names of the cluster's log groups that log_alerter watches."
  type = object({
    control_plane = string
    application   = string
    dataplane     = string
    host          = string
  })
  nullable = false
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

# Settings. A root passes null for what its environment does not say.

variable "functions_dir" {
  description = "Folder of the functions' zips, seen from the root; make functions builds them there."
  type        = string
  default     = "../../dist/functions"
  nullable    = false

  validation {
    condition     = !startswith(var.functions_dir, "/") && !endswith(var.functions_dir, "/")
    error_message = "functions_dir is \"${var.functions_dir}\": give a path relative to the root and without a slash at its end, e.g. ../../dist/functions."
  }
}

variable "function_log_level" {
  description = "Least severe level the functions log."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.function_log_level)
    error_message = "function_log_level is \"${var.function_log_level}\": give DEBUG, INFO, WARNING or ERROR."
  }
}

variable "transfer_schedule" {
  description = "When the transfer is started: an EventBridge Scheduler expression and its timezone."
  type = object({
    expression = string
    timezone   = string
  })
  default = {
    expression = "cron(0/30 * * * ? *)"
    timezone   = "Asia/Kolkata"
  }
  nullable = false
}

variable "backfill_schedule" {
  description = "When an open backfill goes on (it does nothing where none is open): an EventBridge Scheduler expression and its timezone."
  type = object({
    expression = string
    timezone   = string
  })
  default = {
    expression = "rate(15 minutes)"
    timezone   = "Asia/Kolkata"
  }
  nullable = false

  validation {
    condition     = can(regex("^(cron|rate)\\(.+\\)$", var.backfill_schedule.expression))
    error_message = "backfill_schedule is \"${var.backfill_schedule.expression}\": give cron(...) or rate(...), e.g. rate(15 minutes)."
  }
}

variable "read_tags_first" {
  description = "Read the tags of new objects before writing ours: where another service tags new objects too, e.g. GuardDuty Malware Protection (docs/adr/0011). Doubles the calls."
  type        = bool
  default     = false
  nullable    = false
}

variable "reconciler_schedule" {
  description = "When the transfer is looked at: in the middle of each of its slots."
  type = object({
    expression = string
    timezone   = string
  })
  default = {
    expression = "cron(15/30 * * * ? *)"
    timezone   = "Asia/Kolkata"
  }
  nullable = false
}

variable "volume_watch_schedule" {
  description = "When unattached volumes are marked, unmarked and finished. Daily: a look once a month would miss a volume that was used in between."
  type = object({
    expression = string
    timezone   = string
  })
  default = {
    expression = "cron(30 7 * * ? *)"
    timezone   = "Asia/Kolkata"
  }
  nullable = false
}

variable "volume_reap_schedule" {
  description = "When the final snapshots of volumes whose window is over are begun."
  type = object({
    expression = string
    timezone   = string
  })
  default = {
    expression = "cron(0 8 1 * ? *)"
    timezone   = "Asia/Kolkata"
  }
  nullable = false
}

variable "volume_window_days" {
  description = "Days for which a volume stays unattached before it goes."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.volume_window_days >= 30 && floor(var.volume_window_days) == var.volume_window_days
    error_message = "volume_window_days is ${var.volume_window_days}: owners have a month at least; give a whole number of 30 or more."
  }
}

variable "cleaning_schedule" {
  description = "When the shared storage is cleaned: outside working hours. A run that is not done in a quarter of an hour goes on every quarter of an hour."
  type = object({
    expression = string
    timezone   = string
  })
  default = {
    expression = "cron(0 2 ? * SUN *)"
    timezone   = "Asia/Kolkata"
  }
  nullable = false

  validation {
    condition     = can(regex("^cron\\(.+\\)$", var.cleaning_schedule.expression))
    error_message = "cleaning_schedule is \"${var.cleaning_schedule.expression}\": give cron(...), a time at which nobody works, e.g. cron(0 2 ? * SUN *)."
  }
}

variable "cleaning_undo_days" {
  description = "Days for which what the cleaner has removed can be brought back at least; the first cleaning after them deletes it, and only then the space is free. 0 deletes at once."
  type        = number
  default     = 6
  nullable    = false

  validation {
    condition     = var.cleaning_undo_days >= 0 && var.cleaning_undo_days <= 90 && floor(var.cleaning_undo_days) == var.cleaning_undo_days
    error_message = "cleaning_undo_days is ${var.cleaning_undo_days}: give a whole number from 0 to 90."
  }
}

variable "cleaning_needs_replica" {
  description = "Whether a file that is to be kept goes only when its copy has reached the recovery region, too."
  type        = bool
  default     = true
  nullable    = false
}

variable "audit_schedule" {
  description = "When the tags of all objects are looked at: early, so that people find the result in the morning."
  type = object({
    expression = string
    timezone   = string
  })
  default = {
    expression = "cron(0 6 * * ? *)"
    timezone   = "Asia/Kolkata"
  }
  nullable = false

  validation {
    condition     = can(regex("^cron\\(.+\\)$", var.audit_schedule.expression))
    error_message = "audit_schedule is \"${var.audit_schedule.expression}\": give cron(...), a time of every day, e.g. cron(0 6 * * ? *)."
  }
}

variable "audit_grace_minutes" {
  description = "Minutes for which a new object may be without its tags: the taggers and the reconciler have not been there yet."
  type        = number
  default     = 150
  nullable    = false

  validation {
    condition     = var.audit_grace_minutes >= 60 && var.audit_grace_minutes <= 1440 && floor(var.audit_grace_minutes) == var.audit_grace_minutes
    error_message = "audit_grace_minutes is ${var.audit_grace_minutes}: a transfer and its reconciler need an hour, and an audit a day late finds nothing; give a whole number from 60 to 1440."
  }
}

variable "log_flush_schedule" {
  description = "When log_alerter tells how often a line came again: an EventBridge Scheduler expression and its timezone. The time is added to every rule's window (catalog/log-alerts.yaml)."
  type = object({
    expression = string
    timezone   = string
  })
  default = {
    expression = "cron(5/10 * * * ? *)"
    timezone   = "Asia/Kolkata"
  }
  nullable = false

  validation {
    condition     = can(regex("^(cron|rate)\\(.+\\)$", var.log_flush_schedule.expression))
    error_message = "log_flush_schedule is \"${var.log_flush_schedule.expression}\": give cron(...) or rate(...), e.g. cron(5/10 * * * ? *)."
  }
}

variable "instance_look_schedule" {
  description = "When instances are looked at and brought into the state that should hold then."
  type = object({
    expression = string
    timezone   = string
  })
  default = {
    expression = "cron(0/15 * * * ? *)"
    timezone   = "Asia/Kolkata"
  }
  nullable = false
}

variable "testing_hours" {
  description = "Hours in which test instances may run, by the name that an instance's tag kosha:schedule gives. Local times; an end that is not after the begin lies on the next day, 24:00 is midnight. start: start in the morning what was stopped in the evening."
  type = map(object({
    weekdays = set(string)
    begin    = string
    end      = string
    timezone = optional(string, "Asia/Kolkata")
    start    = optional(bool, false)
  }))
  default = {
    office-hours = { weekdays = ["mon", "tue", "wed", "thu", "fri"], begin = "08:00", end = "20:00" }
  }
  nullable = false

  validation {
    condition     = length(var.testing_hours) > 0 && alltrue([for name in keys(var.testing_hours) : can(regex("^[a-z][a-z0-9-]{0,62}$", name))])
    error_message = "Give testing_hours at least one entry, each named in lower-case letters, digits and hyphens, e.g. office-hours."
  }

  validation {
    condition     = alltrue([for hours in values(var.testing_hours) : length(hours.weekdays) > 0 && length(setsubtract(hours.weekdays, ["mon", "tue", "wed", "thu", "fri", "sat", "sun"])) == 0])
    error_message = "Give weekdays of every entry of testing_hours as a list of mon, tue, wed, thu, fri, sat, sun."
  }

  validation {
    condition     = alltrue([for hours in values(var.testing_hours) : can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", hours.begin)) && can(regex("^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", hours.end)) && hours.begin != hours.end])
    error_message = "Give begin and end of every entry of testing_hours as two different local times, e.g. 08:00 and 20:00; for the whole day 00:00 and 24:00."
  }

  validation {
    condition     = alltrue([for hours in values(var.testing_hours) : can(regex("^(UTC|[A-Z][A-Za-z]+/[A-Za-z_]+)$", hours.timezone))])
    error_message = "Give timezone of every entry of testing_hours as an IANA name, e.g. Asia/Kolkata."
  }

  validation {
    # Lambda takes 4 KiB of environment variables in all.
    # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    condition     = length(jsonencode(var.testing_hours)) <= 2048
    error_message = "testing_hours is too long: Lambda takes 4 KiB of settings in all. Give fewer hours, and let instances share them."
  }
}

variable "testing_holidays" {
  description = "Days on which no testing hours begin: 2026-03-04, or 08-15 for the day of every year. The default are the three national holidays of India."
  type        = set(string)
  default     = ["01-26", "08-15", "10-02"]
  nullable    = false

  validation {
    # 2024 was a leap year: it has every day.
    condition     = alltrue([for day in var.testing_holidays : can(regex("^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$", day)) && can(formatdate("YYYY", "${length(day) == 10 ? day : "2024-${day}"}T00:00:00Z"))])
    error_message = "Give testing_holidays as days: 2026-03-04, or 08-15 for the day of every year."
  }

  validation {
    condition     = length(var.testing_holidays) <= 100
    error_message = "testing_holidays has more than 100 days: Lambda takes 4 KiB of settings in all. Take out those that are over."
  }
}

variable "instance_override_hours" {
  description = "Hours for which a test instance runs that somebody has started outside of its testing hours. The tag kosha:run-until gives one instance more."
  type        = number
  default     = 4
  nullable    = false

  validation {
    condition     = var.instance_override_hours >= 1 && var.instance_override_hours <= 72 && floor(var.instance_override_hours) == var.instance_override_hours
    error_message = "instance_override_hours is ${var.instance_override_hours}: give a whole number from 1 to 72."
  }
}

variable "busy_instance" {
  description = "Use of the processors from which a test instance has work and is not stopped: a five-minute average of cpu_percent within the last window_minutes. Work that uses less says so by the tag kosha:busy-until."
  type = object({
    cpu_percent    = optional(number, 5)
    window_minutes = optional(number, 30)
  })
  default  = {}
  nullable = false

  validation {
    # Values come every five minutes, and some minutes late.
    condition     = var.busy_instance.cpu_percent > 0 && var.busy_instance.cpu_percent <= 100 && var.busy_instance.window_minutes >= 15 && var.busy_instance.window_minutes <= 180 && floor(var.busy_instance.window_minutes) == var.busy_instance.window_minutes
    error_message = "Give busy_instance a cpu_percent above 0 and up to 100, and window_minutes as a whole number from 15 to 180."
  }
}
