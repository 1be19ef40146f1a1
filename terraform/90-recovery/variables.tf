# Values come from terraform/environments/<environment>.tfvars, which all roots share, so that the standby is set as the platform is.
# Validation is the modules'.

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

variable "recovery_stage" {
  description = "How much of the standby is there: cold (what is free, or must exist before a disaster), pilot_light (all but what works: no nodes, no schedules, no way out), active (the platform)."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["cold", "pilot_light", "active"], var.recovery_stage)
    error_message = "recovery_stage is \"${var.recovery_stage}\": give cold, pilot_light or active (make apply ROOT=90-recovery STAGE=...)."
  }
}

variable "recovery_vpc_cidr" {
  description = "Private IPv4 range of the standby's VPC, /16 to /20, another than vpc_cidr: both are connected to the institution's network."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to delete the reports and the replica of the shared storage (docs/adr/0006). False only where these are disposable, as on the local cloud."
  type        = bool
  default     = true
  nullable    = false
}

variable "nat_mode" {
  description = "How the private subnets reach the internet: per_az, single or none."
  type        = string
  default     = "per_az"
  nullable    = false
}

variable "interface_endpoints" {
  description = "AWS services to reach without leaving the VPC, by the last part of the endpoint service's name."
  type        = set(string)
  default = [
    "datasync", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticfilesystem", "kms", "logs", "sns", "sqs", "sts",
  ]
  nullable = false
}

variable "flow_log_retention_days" {
  description = "Days to keep the flow logs of the network, 400 or more."
  type        = number
  default     = 400
  nullable    = false
}

variable "alert_subscriptions" {
  description = "Subscription -> who receives the notices of a topic (transfer, data or platform), by which protocol."
  type = map(object({
    topic    = string
    protocol = string
    endpoint = string
  }))
  default  = {}
  nullable = false
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

# The functions' settings, as in 40-automation; what is left out keeps its default in modules/automation.

variable "functions_dir" {
  description = "Folder of the functions' zips, seen from this root; make functions builds them there."
  type        = string
  default     = null
}

variable "function_log_level" {
  description = "Least severe level the functions log."
  type        = string
  default     = null
}

variable "transfer_schedule" {
  description = "When the transfer is started: an EventBridge Scheduler expression and its timezone."
  type = object({
    expression = string
    timezone   = string
  })
  default = null
}

variable "backfill_schedule" {
  description = "When an open backfill goes on (it does nothing where none is open): an EventBridge Scheduler expression and its timezone."
  type = object({
    expression = string
    timezone   = string
  })
  default = null
}

variable "read_tags_first" {
  description = "Read the tags of new objects before writing ours: where another service tags new objects too, e.g. GuardDuty Malware Protection (docs/adr/0011). Doubles the calls."
  type        = bool
  default     = null
}

variable "reconciler_schedule" {
  description = "When the transfer is looked at: in the middle of each of its slots."
  type = object({
    expression = string
    timezone   = string
  })
  default = null
}

variable "volume_watch_schedule" {
  description = "When unattached volumes are marked, unmarked and finished. Daily: a look once a month would miss a volume that was used in between."
  type = object({
    expression = string
    timezone   = string
  })
  default = null
}

variable "volume_reap_schedule" {
  description = "When the final snapshots of volumes whose window is over are begun."
  type = object({
    expression = string
    timezone   = string
  })
  default = null
}

variable "volume_window_days" {
  description = "Days for which a volume stays unattached before it goes."
  type        = number
  default     = null
}

variable "cleaning_schedule" {
  description = "When the shared storage is cleaned: outside working hours. A run that is not done in a quarter of an hour goes on every quarter of an hour."
  type = object({
    expression = string
    timezone   = string
  })
  default = null
}

variable "cleaning_undo_days" {
  description = "Days for which what the cleaner has removed can be brought back at least; the first cleaning after them deletes it, and only then the space is free. 0 deletes at once."
  type        = number
  default     = null
}

variable "cleaning_needs_replica" {
  description = "Whether a file that is to be kept goes only when its copy has reached the recovery region, too."
  type        = bool
  default     = null
}

variable "audit_schedule" {
  description = "When the tags of all objects are looked at: early, so that people find the result in the morning."
  type = object({
    expression = string
    timezone   = string
  })
  default = null
}

variable "audit_grace_minutes" {
  description = "Minutes for which a new object may be without its tags: the taggers and the reconciler have not been there yet."
  type        = number
  default     = null
}

variable "log_flush_schedule" {
  description = "When log_alerter tells how often a line came again: an EventBridge Scheduler expression and its timezone. The time is added to every rule's window (catalog/log-alerts.yaml)."
  type = object({
    expression = string
    timezone   = string
  })
  default = null
}

variable "instance_look_schedule" {
  description = "When instances are looked at and brought into the state that should hold then."
  type = object({
    expression = string
    timezone   = string
  })
  default = null
}

variable "testing_hours" {
  description = "Hours in which test instances may run, by the name that an instance's tag kosha:schedule gives. Local times; an end that is not after the begin lies on the next day, 24:00 is midnight. start: start in the morning what was stopped in the evening."
  type = map(object({
    weekdays = set(string)
    begin    = string
    end      = string
    timezone = optional(string)
    start    = optional(bool)
  }))
  default = null
}

variable "testing_holidays" {
  description = "Days on which no testing hours begin: 2026-03-04, or 08-15 for the day of every year. The default are the three national holidays of India."
  type        = set(string)
  default     = null
}

variable "instance_override_hours" {
  description = "Hours for which a test instance runs that somebody has started outside of its testing hours. The tag kosha:run-until gives one instance more."
  type        = number
  default     = null
}

variable "busy_instance" {
  description = "Use of the processors from which a test instance has work and is not stopped: a five-minute average of cpu_percent within the last window_minutes. Work that uses less says so by the tag kosha:busy-until."
  type = object({
    cpu_percent    = optional(number)
    window_minutes = optional(number)
  })
  default = null
}
