variable "name" {
  description = "The <organisation>-<environment> prefix of every name made here, and of the buckets that may be read."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,30}$", var.name))
    error_message = "name is \"${var.name}\": give 3 to 31 lower-case letters, digits and dashes, a letter first."
  }
}

variable "owner" {
  description = "Organisation or person on GitHub that owns the repository."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]*$", var.owner))
    error_message = "owner is \"${var.owner}\": give the name of an organisation or a person, letters, digits and dashes, without a wildcard."
  }
}

variable "repository" {
  description = "Name of the repository whose workflows may plan, without its owner."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository is \"${var.repository}\": give its name without owner or wildcard, because everybody's workflows bear tokens of the same issuer."
  }
}

variable "github_environment" {
  description = "GitHub environment of the job that plans. Its reviewers decide which pull request gets the role: a plan runs what the pull request says."
  type        = string
  default     = "plan"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+$", var.github_environment))
    error_message = "github_environment is \"${var.github_environment}\": give letters, digits, underscores and dashes."
  }
}

variable "issuer_exists" {
  description = "Whether the account has the identity provider of GitHub already; it can have one only."
  type        = bool
  default     = false
  nullable    = false
}
