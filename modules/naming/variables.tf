variable "organisation" {
  description = "Short name of the institution: the first part of every name and of every handoff path."
  type        = string
  nullable    = false

  # 12 characters leave 39 of the 63 of a bucket name for `-<purpose>-<region>`, and 43 of the 64 of a role name.
  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.organisation))
    error_message = "organisation is \"${var.organisation}\": give 2 to 12 lower-case letters and digits, a letter first, because it begins every bucket and role name."
  }

  # https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html#sysman-parameter-name-constraints
  validation {
    condition     = !startswith(var.organisation, "aws") && !startswith(var.organisation, "ssm")
    error_message = "organisation is \"${var.organisation}\": choose one that does not begin with \"aws\" or \"ssm\", because SSM refuses parameters below such a path and the handoffs lie there."
  }
}

variable "environment" {
  description = "Name of the environment, which is also the name of its files in terraform/environments."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.environment))
    error_message = "environment is \"${var.environment}\": give 2 to 10 lower-case letters and digits, a letter first, such as local, dev or prod."
  }
}

variable "region" {
  description = "Primary region, where the platform runs."
  type        = string
  nullable    = false

  validation {
    condition     = contains(local.permitted_regions, var.region)
    error_message = "region is \"${var.region}\", which is outside ${local.country}: set region in terraform/environments/<environment>.tfvars to one of ${join(", ", local.permitted_regions)} (catalog/residency.yaml)."
  }
}

variable "recovery_region" {
  description = "Recovery region, which holds a replica of everything and takes over when the primary region is lost."
  type        = string
  nullable    = false

  validation {
    condition     = contains(local.permitted_regions, var.recovery_region)
    error_message = "recovery_region is \"${var.recovery_region}\", which is outside ${local.country}: set recovery_region in terraform/environments/<environment>.tfvars to one of ${join(", ", local.permitted_regions)} (catalog/residency.yaml)."
  }

  validation {
    condition     = var.recovery_region != var.region
    error_message = "recovery_region and region are both \"${var.region}\": set them to two different regions in terraform/environments/<environment>.tfvars, because a copy in the same region is lost with it."
  }
}

variable "root" {
  description = "Folder name of the root configuration that calls this module."
  type        = string
  nullable    = false

  validation {
    condition     = contains(local.roots, var.root)
    error_message = "root is \"${var.root}\": give one of ${join(", ", local.roots)}; a new root is added to modules/naming/names.tf first."
  }
}
