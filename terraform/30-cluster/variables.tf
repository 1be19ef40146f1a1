# The naming module validates the first four; the cluster module the others.

variable "organisation" {
  description = "Short name of the institution: the first part of every name."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "Name of the environment, which is also the name of its file in terraform/environments."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Primary region, where the platform runs."
  type        = string
  nullable    = false
}

variable "recovery_region" {
  description = "Recovery region, which holds a replica of everything."
  type        = string
  nullable    = false
}

variable "cluster_version" {
  description = "Kubernetes minor version. Upgrade one minor version at a time, before its standard support ends (https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html)."
  type        = string
  default     = "1.35"
  nullable    = false
}

variable "cluster_public_access_cidrs" {
  description = "Networks from which the Kubernetes API may be reached over the internet; empty keeps it private."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "cluster_access_entries" {
  description = "Who may use the Kubernetes API, by a name of your choice: role platform_admin, or researcher with namespaces."
  type = map(object({
    principal_arn = string
    role          = string
    namespaces    = optional(list(string), [])
  }))
  default  = {}
  nullable = false
}

variable "cluster_nodes" {
  description = "The system node group; what is left out keeps the cluster module's default."
  type = object({
    instance_types = optional(list(string))
    min            = optional(number)
    desired        = optional(number)
    max            = optional(number)
    volume_gib     = optional(number)
  })
  default  = {}
  nullable = false
}

variable "cluster_addon_versions" {
  description = "Add-on -> version; the others follow the default of the Kubernetes version."
  type        = map(string)
  default     = {}
  nullable    = false
}
