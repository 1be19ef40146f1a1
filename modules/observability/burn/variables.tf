# Made by modules/observability, which looks at what it is given.

variable "name" {
  description = "Prefix of every name, <organisation>-<environment>."
  type        = string
}

variable "slos" {
  description = "The objectives that are measured in this region."
  type        = any
}

variable "tell" {
  description = "ARNs of the topics of this region that are told; none where events tell."
  type        = list(string)
}

variable "suppressors" {
  description = "Composite alarm -> its name in this region."
  type        = map(string)
}

variable "wait" {
  description = "How long a composite alarm waits for what keeps it quiet, in seconds."
  type        = object({ wait_period = number, extension_period = number })
}
