# Values come from terraform/environments/<environment>.tfvars, which all roots share. Validation is the modules'.

variable "organisation" {
  description = "Short name of the institution, the first part of every name."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "Name of the environment, the second part of every name."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Primary region, where the platform runs; one of catalog/residency.yaml."
  type        = string
  nullable    = false
}

variable "recovery_region" {
  description = "Recovery region, which holds a replica of everything; another one of catalog/residency.yaml."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to delete the buckets with the states in them (docs/adr/0006). False only where these are disposable, as on the local cloud."
  type        = bool
  default     = true
  nullable    = false
}

variable "planning" {
  description = "Repository on GitHub whose workflows may plan in the GitHub environment named; null makes no role. issuer_exists: the account has the identity provider of GitHub already."
  type = object({
    owner              = string
    repository         = string
    github_environment = optional(string, "plan")
    issuer_exists      = optional(bool, false)
  })
  default = null
}
