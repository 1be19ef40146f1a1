variable "name" {
  description = "Prefix of the names of rules and role, <organisation>-<environment>-<subject>."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]+-[a-z][a-z0-9]+-[a-z][a-z-]*$", var.name)) && length(var.name) <= 40
    error_message = "name is \"${var.name}\": give <organisation>-<environment>-<subject> in lower case, at most 40 characters."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the boundary every role of the platform has (modules/guardrails)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn is \"${var.permissions_boundary_arn}\": give the ARN of the boundary policy (permissions_boundary_arn of 10-foundation)."
  }
}

variable "topic_arn" {
  description = "ARN of the topic in the primary region that is told. Its policy must let EventBridge publish (event_topics of modules/alerts)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:", var.topic_arn))
    error_message = "topic_arn is \"${var.topic_arn}\": give the ARN of an SNS topic (topic_arns.platform of 10-foundation)."
  }
}

variable "rules" {
  description = "Name -> what it tells of (about), the event pattern as JSON, paths into the event, and the text with each of them as <path>. Each waits in both regions."
  type = map(object({
    about   = string
    pattern = string
    paths   = map(string)
    text    = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for rule in values(var.rules) : can(jsondecode(rule.pattern).source)])
    error_message = "rules ${join(", ", [for name, rule in var.rules : name if !can(jsondecode(rule.pattern).source)])} have no pattern that names a source: they would match everything, or nothing."
  }

  validation {
    condition = alltrue([
      for rule in values(var.rules) : toset(regexall("<([a-z]+)>", rule.text)[*][0]) == toset(keys(rule.paths))
    ])
    error_message = "rules ${join(", ", [for name, rule in var.rules : name if toset(regexall("<([a-z]+)>", rule.text)[*][0]) != toset(keys(rule.paths))])} have a text that names other paths than were taken from the event."
  }
}

variable "recovery_alarm_arns" {
  description = "ARNs of alarms in the recovery region, which cannot publish to the topic: when one goes off or is over, the topic is told."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.recovery_alarm_arns : can(regex("^arn:[a-z-]+:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:[^*]+$", arn))])
    error_message = "recovery_alarm_arns is ${jsonencode(var.recovery_alarm_arns)}: give ARNs of alarms, in full."
  }
}
