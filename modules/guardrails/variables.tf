variable "name" {
  description = "Prefix of every name, <organisation>-<environment>. The boundary lets roles hand over only roles whose names begin with it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]+-[a-z][a-z0-9]+$", var.name))
    error_message = "name is \"${var.name}\": give the prefix output of the naming module, <organisation>-<environment>."
  }
}

variable "permitted_regions" {
  description = "Regions in which anything may be asked for: the permitted_regions output of the naming module (catalog/residency.yaml)."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.permitted_regions) > 0 && alltrue([for region in var.permitted_regions : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", region))])
    error_message = "permitted_regions is ${jsonencode(var.permitted_regions)}: give the permitted_regions output of the naming module; a pattern would let data out of the country."
  }
}

variable "deployment_role_arns" {
  description = "Roles that apply Terraform: they alone may change the audit trail, its detectors and the boundary where the service control policy holds. Without any, nobody may."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.deployment_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "deployment_role_arns is ${jsonencode(var.deployment_role_arns)}: name each role in full, arn:aws:iam::<account>:role/<name>, without a pattern."
  }
}

variable "organization_target_id" {
  description = "Account or organisational unit to attach the service control policy to. Null where Terraform does not run in the organisation's management account, which then attaches the output by itself."
  type        = string
  default     = null

  # https://docs.aws.amazon.com/organizations/latest/APIReference/API_AttachPolicy.html
  validation {
    condition     = var.organization_target_id == null || can(regex("^([0-9]{12}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32})$", var.organization_target_id))
    error_message = "organization_target_id is \"${coalesce(var.organization_target_id, "null")}\": give the id of an account (12 digits) or of an organisational unit (ou-...), not of the root: the policy would hold for every account of the organisation."
  }
}
