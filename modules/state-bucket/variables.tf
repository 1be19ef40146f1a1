variable "name" {
  description = "Prefix of the names: <name>-state-<region>."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,30}$", var.name))
    error_message = "name is \"${var.name}\": give 3 to 31 lower-case letters, digits and dashes, a letter first."
  }
}

variable "region" {
  description = "Region of the bucket, that of the provider."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to delete the bucket or the states in it (docs/adr/0006)."
  type        = bool
  default     = true
  nullable    = false
}
