variable "name" {
  description = "Prefix of every name, <organisation>-<environment>."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.name))
    error_message = "name is \"${var.name}\": pass the naming module's prefix."
  }
}

variable "duties" {
  description = "The `duties` of catalog/access.yaml."
  type = map(object({
    description   = string
    projects      = string
    sites         = string
    sensitivity   = string
    session_hours = number
  }))
  nullable = false

  validation {
    condition     = alltrue([for duty in values(var.duties) : contains(["own", "any"], duty.projects) && contains(["own", "any"], duty.sites)])
    error_message = "projects and sites of a duty are own or any; correct catalog/access.yaml."
  }
}

variable "places" {
  description = "The `places` of catalog/access.yaml, from the least to the most sensitive."
  type        = list(object({ sensitivity = string, from = list(string) }))
  nullable    = false

  validation {
    condition     = alltrue([for each in var.places : length(setsubtract(each.from, ["anywhere", "platform", "institution"])) == 0])
    error_message = "a place is anywhere, platform or institution; correct catalog/access.yaml."
  }
}

variable "data_classes" {
  description = "The `classes` of catalog/data-classes.yaml."
  type        = map(object({ prefix = string, sensitivity = string, readers = list(string) }))
  nullable    = false

  validation {
    condition     = alltrue([for class in values(var.data_classes) : contains([for each in var.places : each.sensitivity], class.sensitivity)])
    error_message = "a data class has a sensitivity without a place; name it in catalog/access.yaml."
  }
}

variable "buckets" {
  description = "The lake and its replica: ARN, region, and ARN of the key there."
  type        = map(object({ arn = string, region = string, key_arn = string }))
  nullable    = false

  validation {
    condition     = alltrue([for bucket in values(var.buckets) : can(regex("^arn:[a-z-]+:s3:::[^*?]+$", bucket.arn)) && can(regex("^arn:[a-z-]+:kms:[^*?]+$", bucket.key_arn))])
    error_message = "each bucket is one: give ARNs without wildcards."
  }
}

variable "vpc_ids" {
  description = "Ids of the platform's networks, in which its S3 endpoints are."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.vpc_ids) > 0
    error_message = "vpc_ids is empty: what is restricted could be read from nowhere."
  }
}

variable "institution_networks" {
  description = "Public addresses under which the institution appears, as CIDRs. Empty: what may be read from the institution is read from the platform's network only."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for network in var.institution_networks : can(cidrhost(network, 0)) && try(tonumber(split("/", network)[1]) >= 8, false)])
    error_message = "institution_networks holds ${join(", ", var.institution_networks)}: give CIDRs of /8 or narrower; the whole internet is no institution."
  }
}

variable "trusted" {
  description = "Who may act in a duty: ARNs of SAML identity providers of this account, which state project and site; or principals of AWS that have both as tags. Nobody: no role is made."
  type = object({
    saml_providers = optional(list(string), [])
    principals     = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition = (
      alltrue([for arn in var.trusted.saml_providers : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:saml-provider/[^*]+$", arn))]) &&
      alltrue([for arn in var.trusted.principals : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(root|role/[^*]+|user/[^*]+)$", arn))])
    )
    error_message = "trusted names ARNs of SAML providers, accounts, roles or users, without wildcards."
  }
}

variable "roles_exist" {
  description = "Whether 20-storage has made the roles. True in the standby: then they get one policy more, which makes vpc_ids a place to read `buckets` from, and nothing else."
  type        = bool
  default     = false
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "ARN of the boundary of every role of the platform (handoff of 10-foundation)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn is \"${var.permissions_boundary_arn}\": give the ARN of the boundary policy (permissions_boundary_arn of 10-foundation)."
  }
}
