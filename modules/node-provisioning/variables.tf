variable "cluster_name" {
  description = "Name of the cluster whose nodes Karpenter starts; every name here begins with it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.cluster_name))
    error_message = "cluster_name is \"${var.cluster_name}\": give the name output of the cluster module."
  }
}

variable "cluster_arn" {
  description = "ARN of the cluster, known when it exists."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:eks:[a-z0-9-]+:[0-9]{12}:cluster/", var.cluster_arn))
    error_message = "cluster_arn is \"${var.cluster_arn}\": give the arn output of the cluster module."
  }
}

variable "node_role_arn" {
  description = "ARN of the role of the nodes: that of the system nodes, which the cluster knows already."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/", var.node_role_arn))
    error_message = "node_role_arn is \"${var.node_role_arn}\": give the node_role_arn output of the cluster module."
  }
}

variable "key_arns" {
  description = "ARNs of the customer managed keys: alerts (the queue of interruptions), volumes (the nodes' disks)."
  type = object({
    alerts  = string
    volumes = string
  })
  nullable = false

  validation {
    condition     = alltrue([for arn in values(var.key_arns) : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", arn))])
    error_message = "Give every key by its key ARN (arn:aws:kms:<region>:<account>:key/<id>), not by an alias."
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
