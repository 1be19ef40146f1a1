variable "name" {
  description = "The <organisation>-<environment> prefix of every name made here."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.name))
    error_message = "name is \"${var.name}\": give the prefix output of the naming module, <organisation>-<environment>."
  }
}

variable "function" {
  description = "Name of the function's Python package, e.g. transfer_starter. The function is called <name>-transfer-starter."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.function))
    error_message = "Give function as a Python package name: lower-case words joined by underscores, e.g. transfer_starter."
  }

  validation {
    # Lambda, IAM and Scheduler allow 64 characters; the longest suffix added here, a schedule's name, takes 13 of them.
    condition     = length(join("-", compact([var.name, var.function, var.instance]))) <= 51
    error_message = "Shorten name, function or instance: joined by hyphens they may have at most 51 characters, so that names made from them stay within 64."
  }
}

variable "instance" {
  description = "Which of several functions of the same package this is, e.g. published; null where there is one. It ends every name made here."
  type        = string
  default     = null
  nullable    = true

  validation {
    condition     = var.instance == null || can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.instance))
    error_message = "Give instance in lower-case words joined by underscores, e.g. published."
  }
}

variable "description" {
  description = "What the function does, in one sentence (shown in the console)."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.description) >= 10 && length(var.description) <= 256
    error_message = "Describe the function in 10 to 256 characters."
  }
}

variable "archive" {
  description = "Path of the zip that holds the function's package. It is built outside Terraform."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.archive, ".zip") && fileexists(var.archive)
    error_message = "There is no zip at ${var.archive}: build the functions first (make functions), or correct archive."
  }
}

variable "archive_bucket" {
  description = "Name of the versioned bucket the zip is put into, from where Lambda takes it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.archive_bucket))
    error_message = "Give archive_bucket as the name of a bucket, not as its ARN: the code_bucket of root 20-storage."
  }
}

variable "layer_arns" {
  description = "ARNs of the layer versions that hold what the zip does not, e.g. its dependencies."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.layer_arns : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:layer:[A-Za-z0-9_-]+:[0-9]+$", arn))])
    error_message = "Give layer_arns with their version (arn:aws:lambda:<region>:<account>:layer:<name>:<version>)."
  }

  validation {
    # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    condition     = length(var.layer_arns) <= 5
    error_message = "Lambda takes five layers at most: join some of layer_arns."
  }
}

variable "timeout_seconds" {
  description = "Seconds after which Lambda stops an invocation."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "Give timeout_seconds as a whole number from 1 to 900, the most Lambda allows."
  }
}

variable "memory_mb" {
  description = "Memory in MB; the share of a processor grows with it."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb
    error_message = "Give memory_mb as a whole number from 128 to 10240."
  }
}

variable "reserved_concurrency" {
  description = "How many invocations may run at once. 1 makes the function a single writer."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.reserved_concurrency >= 1 && var.reserved_concurrency <= 100 && floor(var.reserved_concurrency) == var.reserved_concurrency
    error_message = "Give reserved_concurrency as a whole number from 1 to 100: 0 stops the function, and no limit lets it take the whole account's share."
  }
}

variable "environment" {
  description = "Environment variables of the function. Never a secret: read those from Secrets Manager in the function."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.environment) : can(regex("^[A-Z][A-Z0-9_]*$", key))])
    error_message = "Name environment variables in capitals, digits and underscores, e.g. TRANSFERS."
  }

  validation {
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    condition     = alltrue([for key in keys(var.environment) : !startswith(key, "AWS_") && !startswith(key, "LAMBDA_")])
    error_message = "Lambda keeps the prefixes AWS_ and LAMBDA_ for itself: choose another name for that environment variable."
  }

  validation {
    condition     = !anytrue([for key in keys(var.environment) : can(regex("SECRET|PASSWORD|TOKEN|PRIVATE_KEY", key))])
    error_message = "This looks like a secret: keep it in Secrets Manager and give the function the secret's ARN instead."
  }
}

variable "permissions" {
  description = "What the function may do, one statement each; compared by a test with lambda_src/<function>/permissions.py. Writing its logs, traces and dead letters is added by the module."
  type = list(object({
    sid             = string
    actions         = list(string)
    resources       = list(string)
    wildcard_reason = optional(string)
    conditions = optional(list(object({
      test     = string
      variable = string
      values   = list(string)
    })), [])
  }))
  nullable = false

  validation {
    condition     = length(var.permissions) > 0
    error_message = "Name at least one permission: a function that may do nothing has nothing to do."
  }

  validation {
    condition     = alltrue([for p in var.permissions : can(regex("^[A-Za-z0-9]+$", p.sid))]) && length(distinct(var.permissions[*].sid)) == length(var.permissions)
    error_message = "Give every permission a sid of its own, of letters and digits only."
  }

  validation {
    condition     = alltrue(flatten([for p in var.permissions : [for action in p.actions : can(regex("^[a-z0-9-]+:[A-Za-z0-9]+$", action))]]))
    error_message = "Name every action in full as service:Action. A wildcard grants actions that do not exist yet."
  }

  validation {
    condition     = alltrue([for p in var.permissions : length(p.actions) > 0 && length(p.resources) > 0])
    error_message = "Every permission needs at least one action and one resource."
  }

  validation {
    condition     = alltrue(flatten([for p in var.permissions : [for resource in p.resources : startswith(resource, "arn:") && resource != "arn:*"] if p.wildcard_reason == null]))
    error_message = "Name resources by ARN. \"*\" gives the function every resource of the account; where AWS offers no resource-level permission, say so in wildcard_reason."
  }

  validation {
    condition     = alltrue([for p in var.permissions : p.resources == tolist(["*"]) && length(p.wildcard_reason) >= 20 if p.wildcard_reason != null])
    error_message = "wildcard_reason goes with resources = [\"*\"] only, and says in a sentence why AWS offers no resource-level permission."
  }
}

variable "log_retention_days" {
  description = "Days for which the function's logs are kept."
  type        = number
  default     = 400
  nullable    = false

  validation {
    # The steps CloudWatch Logs offers: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "Keep logs for at least a year (DPDP Rules 2025, rule 6(1)(e)), in a step CloudWatch Logs offers: 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "key_arns" {
  description = "ARNs of the customer managed keys: functions (environment, schedule, zip), logs (log group), alerts (dead-letter queue)."
  type = object({
    functions = string
    logs      = string
    alerts    = string
  })
  nullable = false

  validation {
    condition     = alltrue([for arn in values(var.key_arns) : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", arn))])
    error_message = "Give every key by its key ARN (arn:aws:kms:<region>:<account>:key/<id>), not by an alias."
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
  description = "When alarms tell (functions in catalog/alarms.yaml): more than above, in so many periods (seconds) one after the other; missing is what a period without a value counts as."
  type = object({
    errors       = object({ above = number, period = number, periods = number, missing = string })
    throttles    = object({ above = number, period = number, periods = number, missing = string })
    dead_letters = object({ above = number, period = number, periods = number, missing = string })
    failures     = object({ above = number, period = number, periods = number, missing = string })
  })
  nullable = false

  validation {
    condition     = alltrue([for rule in values(var.alarms) : rule.above >= 0 && rule.periods >= 1 && rule.period >= 60 && rule.period % 60 == 0])
    error_message = "Give every rule of alarms as catalog/alarms.yaml does: above is 0 or more, period a number of whole minutes in seconds."
  }

  validation {
    # Lambda and these functions send a value only when something is counted.
    condition     = alltrue([for rule in values(var.alarms) : rule.missing == "notBreaching"])
    error_message = "A quiet time ends an alarm: give missing = \"notBreaching\"; one that stays red does not tell of the next failure."
  }
}

variable "failure_metrics" {
  description = "Metrics of the function's own (namespace Kosha) that count failures Lambda does not see, and what a count above zero means, in one sentence. Each gets an alarm."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for metric, meaning in var.failure_metrics : can(regex("^[A-Z][A-Za-z]+$", metric)) && length(meaning) >= 10 && endswith(meaning, ".")])
    error_message = "Name failure_metrics as the function counts them (TransferStartFailures), each with a sentence of its meaning."
  }
}

variable "schedules" {
  description = "When EventBridge Scheduler calls the function, by name; the name is in the event as `schedule`, beside `input`. max_age_seconds: how long a call that fails is tried again; after that it goes to the dead-letter queue."
  type = map(object({
    expression      = string
    timezone        = string
    input           = optional(map(string), {})
    max_age_seconds = optional(number, 900)
    max_attempts    = optional(number, 5)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.schedules) : can(regex("^[a-z][a-z-]{0,11}$", key))])
    error_message = "Name schedules in at most 12 lower-case letters and hyphens, e.g. daily: Scheduler allows names of 64 characters."
  }

  validation {
    condition     = alltrue([for schedule in values(var.schedules) : can(regex("^(cron|rate)\\(.+\\)$", schedule.expression))])
    error_message = "Give expression of every schedule as cron(...) or rate(...), e.g. cron(0/30 * * * ? *)."
  }

  validation {
    condition     = alltrue([for schedule in values(var.schedules) : can(regex("^(UTC|[A-Z][A-Za-z]+/[A-Za-z_]+)$", schedule.timezone))])
    error_message = "Give timezone of every schedule as an IANA name, e.g. Asia/Kolkata."
  }

  validation {
    condition     = alltrue([for schedule in values(var.schedules) : schedule.max_age_seconds >= 60 && schedule.max_age_seconds <= 86400 && schedule.max_attempts >= 0 && schedule.max_attempts <= 185])
    error_message = "EventBridge Scheduler keeps a failed call for 60 to 86400 seconds (max_age_seconds) and tries it 0 to 185 times (max_attempts)."
  }
}

variable "schedules_enabled" {
  description = "Whether the schedules call the function. False: they exist and call nobody, and no heartbeat is missed (a standby)."
  type        = bool
  default     = true
  nullable    = false
}

variable "heartbeat_hours" {
  description = "Alarm when the function has not run for so many hours (its schedule is broken, or nobody may call it); null for a function that only events call."
  type        = number
  default     = null
  nullable    = true

  validation {
    # An alarm looks back at most seven days where its period is an hour or longer.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
    condition     = var.heartbeat_hours == null || try(var.heartbeat_hours >= 1 && var.heartbeat_hours <= 168 && floor(var.heartbeat_hours) == var.heartbeat_hours, false)
    error_message = "Give heartbeat_hours as a whole number from 1 to 168: CloudWatch looks back seven days at most."
  }
}

variable "log_filters" {
  description = "CloudWatch Logs subscription filters that call the function, by name: the log group and the filter pattern."
  type = map(object({
    log_group_name = string
    pattern        = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.log_filters) : can(regex("^[a-z][a-z0-9-]{0,62}$", key))])
    error_message = "Name log filters in lower-case letters, digits and hyphens, e.g. api-server-errors."
  }

  validation {
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
    condition     = alltrue([for group in distinct(values(var.log_filters)[*].log_group_name) : length([for each in values(var.log_filters) : each if each.log_group_name == group]) <= 2])
    error_message = "CloudWatch Logs allows two subscription filters on a log group: join patterns that watch the same group."
  }

  validation {
    # Each line it logs would call it again. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Subscriptions-recursion-prevention.html
    condition     = alltrue([for each in values(var.log_filters) : each.log_group_name != "/aws/lambda/${var.name}-${replace(join("_", compact([var.function, var.instance])), "_", "-")}"])
    error_message = "A function may not watch its own log group: every line it logs would call it again."
  }

  validation {
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html
    condition     = alltrue([for each in values(var.log_filters) : length(each.pattern) <= 1024])
    error_message = "A filter pattern has at most 1024 characters: make two filters of it, or ask for less."
  }

  validation {
    # Here, not beside the patterns: the rules would wait for the log groups of other functions.
    condition     = length(var.event_patterns) + length(var.schedules) + length(var.log_filters) > 0
    error_message = "Nothing would ever call this function: give a schedule, an event pattern or a log filter."
  }
}

variable "event_patterns" {
  description = "EventBridge patterns (JSON) that call the function, by rule name."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for pattern in values(var.event_patterns) : can(jsondecode(pattern).source) && can(jsondecode(pattern)["detail-type"])])
    error_message = "Give every event pattern as JSON that names at least source and detail-type (jsonencode helps)."
  }

  validation {
    condition     = alltrue([for key in keys(var.event_patterns) : can(regex("^[a-z][a-z0-9-]{0,20}$", key))])
    error_message = "Name event patterns in at most 21 lower-case letters, digits and hyphens, e.g. transfer-succeeded."
  }
}

variable "retry" {
  description = "How Lambda treats an invocation that failed: attempts after the first, and for how many seconds the event is kept. Then it goes to the dead-letter queue."
  type = object({
    attempts        = optional(number, 2)
    max_age_seconds = optional(number, 3600)
  })
  default  = {}
  nullable = false

  validation {
    # https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
    condition     = contains([0, 1, 2], var.retry.attempts) && var.retry.max_age_seconds >= 60 && var.retry.max_age_seconds <= 21600
    error_message = "Lambda tries again at most twice (attempts 0, 1 or 2) and keeps an event for 60 to 21600 seconds (max_age_seconds)."
  }
}

variable "network" {
  description = "Subnets and security groups, for a function that mounts the shared storage; null keeps the function out of the VPC."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default  = null
  nullable = true

  validation {
    condition     = var.network == null || try(length(var.network.subnet_ids) >= 2 && length(var.network.security_group_ids) >= 1, false)
    error_message = "Give network at least two subnets (one Availability Zone may fail) and one security group."
  }
}

variable "file_system" {
  description = "EFS access point the function mounts, and where; null for none."
  type = object({
    access_point_arn = string
    mount_path       = string
  })
  default  = null
  nullable = true

  validation {
    condition     = var.file_system == null || can(regex("^/mnt/[a-zA-Z0-9-_.]+$", var.file_system.mount_path))
    error_message = "Lambda mounts file systems only at /mnt/<name>: correct file_system.mount_path."
  }

  validation {
    condition     = var.file_system == null || var.network != null
    error_message = "A file system is reached through the VPC: give network as well."
  }

  validation {
    condition     = var.file_system == null || var.role_arn != null
    error_message = "The file-system policy names the roles that may mount: give role_arn, the client role made with the file system."
  }
}

variable "role_arn" {
  description = "An existing role to use (a client role made with the shared storage); null makes a role for this function alone. Its policies are attached either way."
  type        = string
  default     = null
  nullable    = true

  validation {
    condition     = var.role_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/", var.role_arn))
    error_message = "Give role_arn as the ARN of an IAM role, or null to have one made."
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
