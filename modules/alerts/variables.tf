variable "name" {
  description = "Prefix of every name, <organisation>-<environment>."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.name))
    error_message = "name is \"${var.name}\": give the prefix output of the naming module, <organisation>-<environment>."
  }
}

variable "region" {
  description = "Region of the provider, where the topics lie."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is \"${var.region}\": give the region output of the naming module."
  }
}

variable "key_arn" {
  description = "ARN of the KMS key `alerts` in this region, which encrypts the topics."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:", var.key_arn))
    error_message = "key_arn is \"${var.key_arn}\": give the ARN of a KMS key, key_arns.alerts of the keys module."
  }
}

variable "topics" {
  description = "Purpose -> what its notices are about, which mail programs show as the sender (100 characters at most)."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.topics) > 0 && alltrue([for purpose in keys(var.topics) : can(regex("^[a-z][a-z-]{1,30}$", purpose))])
    error_message = "topics has the purposes ${jsonencode(keys(var.topics))}: give at least one, each of 2 to 31 lower-case letters and dashes."
  }

  validation {
    condition     = alltrue([for description in values(var.topics) : length(description) > 0 && length(description) <= 100])
    error_message = "topics has a description that is empty or longer than the 100 characters SNS allows: ${jsonencode([for description in values(var.topics) : description if length(description) == 0 || length(description) > 100])}."
  }
}

variable "subscriptions" {
  description = "Subscription -> the topic (purpose), the protocol and the endpoint that receives its notices. A person confirms email and https by the link in the first message."
  type = map(object({
    topic    = string
    protocol = string
    endpoint = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for subscription in values(var.subscriptions) : contains(keys(var.topics), subscription.topic)])
    error_message = "subscriptions ${join(", ", [for name, subscription in var.subscriptions : "${name} (${subscription.topic})" if !contains(keys(var.topics), subscription.topic)])} name a topic that does not exist: choose from ${join(", ", keys(var.topics))}."
  }

  validation {
    condition     = alltrue([for subscription in values(var.subscriptions) : contains(keys(local.endpoint_forms), subscription.protocol)])
    error_message = "subscriptions ${join(", ", [for name, subscription in var.subscriptions : "${name} (${subscription.protocol})" if !contains(keys(local.endpoint_forms), subscription.protocol)])} have a protocol that is not allowed: choose from ${join(", ", keys(local.endpoint_forms))}. http is not: it would carry notices unencrypted."
  }

  validation {
    condition = alltrue([
      for subscription in values(var.subscriptions) : can(regex(lookup(local.endpoint_forms, subscription.protocol, ""), subscription.endpoint))
    ])
    error_message = "subscriptions ${join(", ", [for name, subscription in var.subscriptions : "${name} (${subscription.protocol} to ${subscription.endpoint})" if !can(regex(lookup(local.endpoint_forms, subscription.protocol, ""), subscription.endpoint))])} have an endpoint that does not fit the protocol: email takes an address, https a URL that begins with https://, sqs and lambda an ARN, sms a number in international form, + and 7 to 15 digits."
  }
}

variable "publishers" {
  description = "AWS services that publish in their own name, by service principal. Functions need not be listed: they publish with their role. To add one, let it use the key `alerts` too (modules/keys/policies.tf), or its notices vanish."
  type        = set(string)
  default     = ["cloudwatch.amazonaws.com"]
  nullable    = false

  validation {
    condition     = alltrue([for publisher in var.publishers : can(regex("^[a-z0-9.-]+[.]amazonaws[.]com$", publisher))])
    error_message = "publishers has ${join(", ", [for publisher in var.publishers : publisher if !can(regex("^[a-z0-9.-]+[.]amazonaws[.]com$", publisher))])}: give service principals, such as cloudwatch.amazonaws.com; roles publish by their own policy."
  }

  validation {
    condition     = !contains(var.publishers, "events.amazonaws.com")
    error_message = "publishers has events.amazonaws.com, whose notices the condition on the account would lose: name the topics of EventBridge rules in event_topics."
  }
}

variable "event_topics" {
  description = "Topics (purposes) that rules of EventBridge publish to. Keep them few: the policy cannot say whose rules."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.event_topics, keys(var.topics))) == 0
    error_message = "event_topics has ${join(", ", setsubtract(var.event_topics, keys(var.topics)))}, which are no topics: choose from ${join(", ", keys(var.topics))}."
  }
}
