variable "path" {
  description = "Name of the SSM parameter: /<organisation>/<environment>/<root>, from the naming module."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^/[a-z0-9]+/[a-z0-9]+/[0-9]{2}-[a-z]+$", var.path))
    error_message = "path is \"${var.path}\": give module.naming.handoff_path, which is /<organisation>/<environment>/<root>."
  }
}

variable "in_both_regions" {
  description = "Whether the recovery region holds the document, too. False for what the standby publishes, whose one region it is: both providers are then the same."
  type        = bool
  default     = true
  nullable    = false
}

variable "document" {
  description = "What later roots need of this one, as a JSON object of names and ARNs. Never a secret: whoever may plan a later root reads it."
  type        = string
  nullable    = false

  validation {
    condition     = can(keys(jsondecode(var.document)))
    error_message = "document is not a JSON object: give jsonencode({ ... })."
  }
  validation {
    condition     = length(var.document) <= 4096
    error_message = "document has ${length(var.document)} characters, and a standard parameter takes 4096: hand over less, or split the root."
  }
}
