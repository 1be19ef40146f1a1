variable "name" {
  description = "Prefix of every name, <organisation>-<environment>. The cluster itself is called <name>-cluster."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.name))
    error_message = "name is \"${var.name}\": give the prefix output of the naming module, <organisation>-<environment>."
  }
}

variable "kubernetes_version" {
  description = "Kubernetes minor version of the control plane and the nodes, e.g. 1.35."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes_version))
    error_message = "kubernetes_version is \"${var.kubernetes_version}\": give a minor version such as 1.35; EKS chooses the patch."
  }
}

variable "subnet_ids" {
  description = "Private subnets of the control plane's network interfaces and of the nodes, one per Availability Zone."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2 && length(distinct(var.subnet_ids)) == length(var.subnet_ids)
    error_message = "Give subnet_ids at least two different private subnets: EKS wants two Availability Zones."
  }
}

variable "worker_security_group_id" {
  description = "Security group of the workers, which the shared storage lets in. Nodes carry it beside the cluster's own."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.worker_security_group_id, "sg-")
    error_message = "worker_security_group_id is \"${var.worker_security_group_id}\": give the id of a security group (sg-...)."
  }
}

variable "shared_storage_role_arn" {
  description = "ARN of the client role that may mount the shared storage (`workers`). The EFS driver runs as it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/", var.shared_storage_role_arn))
    error_message = "shared_storage_role_arn is \"${var.shared_storage_role_arn}\": give the ARN of the client role `workers`."
  }
}

variable "key_arns" {
  description = "ARNs of the customer managed keys: cluster (Kubernetes secrets), logs (log groups), volumes (node and claim volumes)."
  type = object({
    cluster = string
    logs    = string
    volumes = string
  })
  nullable = false

  validation {
    condition     = alltrue([for arn in values(var.key_arns) : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", arn))])
    error_message = "Give every key by its key ARN (arn:aws:kms:<region>:<account>:key/<id>), not by an alias."
  }
}

variable "public_access_cidrs" {
  description = "Networks from which the API endpoint may be reached over the internet. Empty: it is private, and that is the rule."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.public_access_cidrs : can(cidrhost(cidr, 0)) && can(regex("/(1[6-9]|2[0-9]|3[0-2])$", cidr))])
    error_message = "Give public_access_cidrs as networks of your own with a prefix of 16 to 32, e.g. 203.0.113.0/28; the whole internet is not one."
  }
}

variable "access_entries" {
  description = "Who may use the Kubernetes API, by a name of your choice. role: platform_admin (all of the cluster) or researcher (may look into the named namespaces)."
  type = map(object({
    principal_arn = string
    role          = string
    namespaces    = optional(list(string), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for entry in values(var.access_entries) : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+", entry.principal_arn))])
    error_message = "Give every principal_arn as the ARN of an IAM role: users and the account's root have no place in the cluster."
  }

  validation {
    condition     = alltrue([for entry in values(var.access_entries) : contains(["platform_admin", "researcher"], entry.role)])
    error_message = "The roles are platform_admin and researcher: correct role in access_entries."
  }

  validation {
    condition     = alltrue([for entry in values(var.access_entries) : (entry.role == "researcher") == (length(entry.namespaces) > 0)])
    error_message = "Name the namespaces of every researcher, and none for a platform_admin, who has the whole cluster."
  }

  validation {
    condition     = !anytrue(flatten([for entry in values(var.access_entries) : [for n in entry.namespaces : n == "default" || startswith(n, "kube-") || strcontains(n, "*")]]))
    error_message = "Researchers see namespaces of projects only: take default, kube-* and wildcards out of namespaces."
  }

  validation {
    condition     = length(distinct(values(var.access_entries)[*].principal_arn)) == length(var.access_entries)
    error_message = "EKS knows one access entry per role: give every principal_arn once."
  }
}

variable "nodes" {
  description = "The system node group: x86-64 instance types (the sequencing tools are built for it), least, wanted and most nodes, and the root volume in GiB."
  type = object({
    instance_types = optional(list(string), ["m6i.large"])
    min            = optional(number, 2)
    desired        = optional(number, 2)
    max            = optional(number, 6)
    volume_gib     = optional(number, 100)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.nodes.min >= 1 && var.nodes.min <= var.nodes.desired && var.nodes.desired <= var.nodes.max && var.nodes.max <= 100
    error_message = "Give nodes so that 1 <= min <= desired <= max <= 100."
  }

  validation {
    condition     = var.nodes.volume_gib >= 50 && var.nodes.volume_gib <= 1000
    error_message = "Give nodes.volume_gib from 50 (images of the sequencing tools need it) to 1000 GiB."
  }

  validation {
    condition     = length(var.nodes.instance_types) > 0 && alltrue([for type in var.nodes.instance_types : can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9]+$", type)) && !can(regex("^[a-z]+[0-9]+g", type))])
    error_message = "Give nodes.instance_types as x86-64 types such as m6i.large; Graviton types (m7g, ...) need other images."
  }
}

variable "nodes_enabled" {
  description = "Whether there are nodes, and the add-ons that run on them. False: a control plane that waits (a standby), to which nodes come in minutes."
  type        = bool
  default     = true
  nullable    = false
}

variable "addon_versions" {
  description = "Add-on -> version. An add-on that is not named gets the default of the cluster's Kubernetes version."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for addon in keys(var.addon_versions) : contains(keys(local.addons), addon)])
    error_message = "addon_versions names an add-on the cluster has not: choose from ${join(", ", keys(local.addons))}."
  }

  validation {
    condition     = alltrue([for version in values(var.addon_versions) : can(regex("^v[0-9]+\\.[0-9]+\\.[0-9]+-eksbuild\\.[0-9]+$", version))])
    error_message = "Give add-on versions as EKS lists them, e.g. v1.20.4-eksbuild.2 (aws eks describe-addon-versions)."
  }
}

variable "log_retention_days" {
  description = "Days for which the control plane's and the containers' logs are kept."
  type        = number
  default     = 400
  nullable    = false

  validation {
    # The steps CloudWatch Logs offers: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    condition     = contains([400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "Keep the cluster's logs for more than a year (DPDP Rules 2025, rule 6(1)(e)), in a step CloudWatch Logs offers: 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
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
