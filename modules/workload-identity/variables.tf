variable "cluster_name" {
  description = "Name of the cluster; the role's name begins with it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.cluster_name))
    error_message = "cluster_name is \"${var.cluster_name}\": give the name of the cluster, in small letters, digits and hyphens."
  }
}

variable "cluster_arn" {
  description = "ARN of the cluster; it need not exist yet."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:eks:[a-z0-9-]+:[0-9]{12}:cluster/", var.cluster_arn))
    error_message = "cluster_arn is \"${var.cluster_arn}\": give arn:<partition>:eks:<region>:<account>:cluster/<name>."
  }
}

variable "name" {
  description = "What the workload is called: the end of the role's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}$", var.name))
    error_message = "name is \"${var.name}\": give 2 to 21 small letters, digits and hyphens."
  }
}

variable "service_account" {
  description = "The one service account that gets the role: its namespace and name."
  type = object({
    namespace = string
    name      = string
  })
  nullable = false

  validation {
    condition     = alltrue([for part in values(var.service_account) : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", part))])
    error_message = "service_account is ${var.service_account.namespace}/${var.service_account.name}: give both as Kubernetes names them; a pattern would open the role to others."
  }
}

variable "policy" {
  description = "What the workload may do, as a policy in JSON; null when AWS's own policies say all."
  type        = string
  default     = null

  validation {
    condition     = var.policy == null || can(jsondecode(coalesce(var.policy, "{}")).Statement)
    error_message = "policy must be an IAM policy in JSON with a Statement (jsonencode)."
  }
}

variable "managed_policies" {
  description = "Names of AWS managed policies the workload needs besides, e.g. service-role/AmazonEBSCSIDriverPolicy."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = !anytrue([for policy in var.managed_policies : strcontains(policy, ":") || can(regex("Admin|FullAccess|PowerUser", policy))])
    error_message = "managed_policies holds ${join(", ", var.managed_policies)}: give names rather than ARNs, and none that gives everything."
  }
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
