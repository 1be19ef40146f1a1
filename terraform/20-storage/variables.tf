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

variable "custodian_role_arns" {
  description = "Roles of people who may set the tags of an object by hand (docs/runbooks/tag-backfill.md). Who may do that may read everything."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to delete the file system and the buckets with what they hold (docs/adr/0006). False only where the data are disposable, as on the local cloud."
  type        = bool
  default     = true
  nullable    = false
}
