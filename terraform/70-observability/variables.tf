# The naming module validates them.

variable "organisation" {
  description = "Short name of the institution: the first part of every name."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "Name of the environment, which is also the name of its file in terraform/environments."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Primary region, where the platform runs."
  type        = string
  nullable    = false
}

variable "recovery_region" {
  description = "Recovery region, which holds a replica of everything."
  type        = string
  nullable    = false
}
