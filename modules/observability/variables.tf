variable "name" {
  description = "The <organisation>-<environment> prefix of every name made here."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]+-[a-z][a-z0-9]+$", var.name))
    error_message = "name is \"${var.name}\": give the prefix output of the naming module, <organisation>-<environment>."
  }
}

variable "alarm_topic_arn" {
  description = "ARN of the SNS topic that alarms are sent to (the platform topic)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:", var.alarm_topic_arn))
    error_message = "Give alarm_topic_arn as the ARN of an SNS topic: an alarm that reaches nobody is none."
  }
}

variable "alarms" {
  description = "The alarms of catalog/alarms.yaml, with the names of what is applied in their dimensions."
  type = map(object({
    audience = string
    severity = string
    means    = string
    metric = optional(object({
      namespace  = string
      name       = string
      dimensions = map(string)
      statistic  = string
    }))
    metrics = optional(map(object({
      namespace  = string
      name       = string
      dimensions = map(string)
      statistic  = string
    })), {})
    expression  = optional(string)
    above       = optional(number)
    below       = optional(number)
    band        = optional(object({ deviations = number, side = string }))
    period      = number
    periods     = number
    of          = optional(number)
    missing     = string
    runbook     = string
    quiet_while = optional(string)
    silent      = optional(bool, false)
  }))
  nullable = false

  validation {
    condition     = alltrue([for alarm in values(var.alarms) : length([for limit in [alarm.above, alarm.below, try(alarm.band.deviations, null)] : limit if limit != null]) == 1])
    error_message = "Give every alarm one limit: above, below or band."
  }

  validation {
    condition     = alltrue([for alarm in values(var.alarms) : (alarm.metric == null) == (alarm.expression != null) && (alarm.metric == null) == (length(alarm.metrics) > 0)])
    error_message = "Give every alarm a metric, or metrics and the expression that joins them."
  }

  validation {
    condition     = alltrue([for alarm in values(var.alarms) : can(regex("^docs/runbooks/[a-z-]+\\.md$", alarm.runbook))])
    error_message = "Name the runbook of every alarm, e.g. docs/runbooks/lake.md: who is woken must know what to do."
  }

  validation {
    condition     = alltrue([for alarm in values(var.alarms) : contains(["breaching", "notBreaching", "ignore", "missing"], alarm.missing)])
    error_message = "Say for every alarm what a period without a value counts as: breaching, notBreaching, ignore or missing."
  }

  validation {
    condition     = alltrue([for alarm in values(var.alarms) : alarm.quiet_while == null || contains(keys(var.composites), coalesce(alarm.quiet_while, "-"))])
    error_message = "quiet_while of an alarm names a composite alarm: one that is not there would never keep it quiet."
  }

  validation {
    condition     = alltrue([for name, alarm in var.alarms : !alarm.silent || contains(flatten(values(var.composites)[*].of), name)])
    error_message = "A silent alarm is heard through a composite alarm: put it into one, or let it speak."
  }

  validation {
    condition     = alltrue([for alarm in values(var.alarms) : alarm.period * coalesce(alarm.of, alarm.periods) <= (alarm.period < 3600 ? 1 : 7) * 86400])
    error_message = "CloudWatch looks back a day where the period of an alarm is shorter than an hour, and else seven: ask for fewer periods."
  }
}

variable "composites" {
  description = "The composite alarms of catalog/alarms.yaml: at_least so many of the alarms named in of, which are of this module or of functions (<function>-<metric>)."
  type = map(object({
    audience    = string
    severity    = string
    means       = string
    at_least    = number
    of          = list(string)
    runbook     = string
    quiet_while = optional(string)
  }))
  nullable = false

  validation {
    condition     = alltrue([for each in values(var.composites) : contains([1, 2], each.at_least) && length(each.of) > each.at_least])
    error_message = "A composite alarm is made of at least 1 or 2 of more alarms than that."
  }

  validation {
    condition     = alltrue([for each in values(var.composites) : each.quiet_while == null || try(var.composites[each.quiet_while].quiet_while, null) == null])
    error_message = "What keeps a composite alarm quiet may not be kept quiet itself: nobody would hear of either."
  }

  validation {
    condition     = alltrue([for each in values(var.composites) : can(regex("^docs/runbooks/[a-z-]+\\.md$", each.runbook))])
    error_message = "Name the runbook of every composite alarm, e.g. docs/runbooks/region.md."
  }
}

variable "slos" {
  description = "The service-level objectives of catalog/slos.yaml, with the names of what is applied in their dimensions."
  type = map(object({
    audience  = string
    means     = string
    objective = number
    counts    = string
    metric = optional(object({
      namespace  = string
      name       = string
      dimensions = map(string)
      statistic  = string
    }))
    period = optional(number)
    # The limit (counts: periods), or the metric of what is bad (counts: events).
    bad = object({
      above      = optional(number)
      below      = optional(number)
      namespace  = optional(string)
      name       = optional(string)
      dimensions = optional(map(string), {})
      statistic  = optional(string)
    })
    total = optional(object({
      namespace  = string
      name       = string
      dimensions = map(string)
      statistic  = string
    }))
    burn        = map(object({ long = number, short = number, rate = number }))
    runbook     = string
    quiet_while = optional(string)
    # Whether its metric is published in the recovery region.
    in_recovery = optional(bool, false)
  }))
  nullable = false

  validation {
    condition     = alltrue([for slo in values(var.slos) : !slo.in_recovery || slo.quiet_while == null])
    error_message = "An objective measured in the recovery region has no quiet_while: composite alarms are in the primary region, and keep nothing quiet in another."
  }

  validation {
    condition     = alltrue([for slo in values(var.slos) : slo.counts == "periods" ? slo.metric != null && slo.period != null : slo.counts == "events" && slo.total != null && slo.bad.name != null])
    error_message = "An objective counts periods of a metric, or events: bad ones of a total."
  }

  validation {
    condition     = alltrue(flatten([for slo in values(var.slos) : [for window in values(slo.burn) : (1 - slo.objective / 100) * window.rate < 1]]))
    error_message = "Errors cannot come so many times as fast as that budget allows: that would be more than all. Give a lower rate."
  }

  validation {
    condition     = alltrue(flatten([for slo in values(var.slos) : [for window in values(slo.burn) : window.long > window.short]]))
    error_message = "The long window of a burn alarm is longer than its short one."
  }

  validation {
    condition     = alltrue([for slo in values(var.slos) : slo.quiet_while == null || contains(keys(var.composites), coalesce(slo.quiet_while, "-"))])
    error_message = "quiet_while of an objective names a composite alarm: one that is not there would never keep it quiet."
  }
}

variable "log_queries" {
  description = "The saved queries of catalog/log-queries.yaml."
  type = map(object({
    logs  = list(string)
    query = string
  }))
  nullable = false

  validation {
    condition     = alltrue(flatten([for each in values(var.log_queries) : [for kind in each.logs : contains(keys(var.log_groups), kind)]]))
    error_message = "A saved query asks for a kind of log that has no log group: give it in log_groups."
  }
}

variable "log_groups" {
  description = "Names of log groups by kind: application, control_plane, dataplane, flow, functions, host, performance, transfer."
  type        = map(list(string))
  nullable    = false

  validation {
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html
    condition     = length(setsubtract(["application"], keys(var.log_groups))) == 0 && alltrue([for groups in values(var.log_groups) : length(groups) > 0 && length(groups) <= 50])
    error_message = "Give the log groups of each kind, application among them, 1 to 50 each."
  }
}

variable "watched" {
  description = "What is watched, by the names that metrics know it by."
  type = object({
    region            = string
    recovery_region   = string
    file_system_id    = string
    access_points     = number
    lake_bucket       = string
    replica_bucket    = string
    replication_rule  = string
    transfer_task_ids = map(string)
    cluster_name      = string
    functions         = list(string)

    replica_file_system_id = string
    vault_name             = string
    recovery_vault_name    = string
  })
  nullable = false

  validation {
    condition     = alltrue([for task in values(var.watched.transfer_task_ids) : can(regex("^task-[0-9a-f]+$", task))]) && can(regex("^fs-[0-9a-f]+$", var.watched.file_system_id))
    error_message = "Metrics know a transfer by the id of its task (task-...) and the shared storage by that of its file system (fs-...), not by an ARN."
  }
}
