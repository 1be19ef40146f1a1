variable "name" {
  description = "Prefix of every name, <organisation>-<environment>."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.name))
    error_message = "name is \"${var.name}\": give the prefix output of the naming module, <organisation>-<environment>."
  }
}

variable "monthly_usd" {
  description = "What the account is expected to cost in a month, in USD (make cost says what the workload comes to)."
  type        = number
  nullable    = false

  validation {
    condition     = var.monthly_usd > 0
    error_message = "monthly_usd is ${var.monthly_usd}: give the USD a month may cost, more than 0."
  }
}

variable "actual_percent" {
  description = "Percent of monthly_usd at which people are told of what was spent."
  type        = set(number)
  default     = [50, 80, 100]
  nullable    = false

  validation {
    condition     = length(var.actual_percent) > 0 && alltrue([for percent in var.actual_percent : percent > 0 && percent <= 1000])
    error_message = "actual_percent is ${jsonencode(var.actual_percent)}: give at least one percentage, each above 0 and at most 1000."
  }

  # https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-limits.html
  validation {
    condition     = length(var.actual_percent) + length(var.forecast_percent) <= 10
    error_message = "actual_percent and forecast_percent have ${length(var.actual_percent) + length(var.forecast_percent)} thresholds: AWS allows 10 notifications of a budget."
  }
}

variable "forecast_percent" {
  description = "Percent of monthly_usd at which people are told of what the month will come to by AWS's forecast, which begins after about five weeks of use."
  type        = set(number)
  default     = [100]
  nullable    = false

  validation {
    condition     = length(var.forecast_percent) > 0 && alltrue([for percent in var.forecast_percent : percent > 0 && percent <= 1000])
    error_message = "forecast_percent is ${jsonencode(var.forecast_percent)}: give at least one percentage, each above 0 and at most 1000."
  }
}

variable "topic_arn" {
  description = "ARN of the topic that is told. Its policy and its key must let budgets.amazonaws.com and costalerts.amazonaws.com publish (publishers of modules/alerts, modules/keys)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:", var.topic_arn))
    error_message = "topic_arn is \"${var.topic_arn}\": give the ARN of an SNS topic (topic_arns.platform of 10-foundation)."
  }
}

variable "email_addresses" {
  description = "Who is told by e-mail besides, for example who pays. Anomalies come once a day."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.email_addresses) <= 10 && alltrue([for address in var.email_addresses : can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", address))])
    error_message = "email_addresses is ${jsonencode(var.email_addresses)}: give at most ten addresses."
  }
}

variable "cost_explorer" {
  description = "Whether the account has Cost Explorer: true makes the anomaly monitor, its subscriptions and the cost allocation tags. A member of an organisation may have it switched off by the management account."
  type        = bool
  default     = true
  nullable    = false
}

variable "create_anomaly_monitor" {
  description = "Whether to make the monitor of all services. An account has one at most, and accounts opened since March 2023 have one that AWS made: give its ARN as anomaly_monitor_arn then."
  type        = bool
  default     = true
  nullable    = false
}

variable "anomaly_monitor_arn" {
  description = "ARN of the monitor of all services that is there, where create_anomaly_monitor is false."
  type        = string
  default     = null

  validation {
    condition     = (var.anomaly_monitor_arn == null) == (var.create_anomaly_monitor || !var.cost_explorer)
    error_message = "anomaly_monitor_arn goes with create_anomaly_monitor = false (and with cost_explorer): give one of the two."
  }
}

variable "anomaly_usd" {
  description = "USD beyond what is usual from which an anomaly is told."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.anomaly_usd > 0
    error_message = "anomaly_usd is ${var.anomaly_usd}: give more than 0, or every cent is told."
  }
}

variable "allocation_tags" {
  description = "Tags by which Cost Explorer and bills divide costs. AWS knows a tag only a day after something that has it was billed and refuses it before: leave this empty in a new account and add them later."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for tag in var.allocation_tags : can(regex("^[A-Za-z0-9_:./=+@-]{1,128}$", tag)) && !startswith(tag, "aws:")])
    error_message = "allocation_tags is ${jsonencode(var.allocation_tags)}: give keys of tags that the platform sets (modules/naming), not those of AWS."
  }
}
