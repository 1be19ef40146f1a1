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

variable "hand_tagging_role_arns" {
  description = "Roles of people who may set the tags of an object by hand (docs/runbooks/tag-backfill.md). Who may do that may read everything."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "institution_networks" {
  description = "Public addresses under which the institution appears, as CIDRs: from there, too, what is controlled may be read (catalog/access.yaml)."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "trusted_readers" {
  description = "Who may act as researcher, custodian or operator: SAML identity providers of the account that state project and site, or principals of AWS with both as tags. Until somebody is named nobody reads the lake."
  type = object({
    saml_providers = optional(list(string), [])
    principals     = optional(list(string), [])
  })
  default  = {}
  nullable = false
}

variable "replica_lock_days" {
  description = "Days for which no version in the replica can be deleted or overwritten (modules/data-lake). Null locks nothing; to be chosen before the first apply."
  type        = number
  default     = null
}

variable "deletion_protection" {
  description = "Refuse to delete the file system and the buckets with what they hold (docs/adr/0006). False only where the data are disposable, as on the local cloud."
  type        = bool
  default     = true
  nullable    = false
}
