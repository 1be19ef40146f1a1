# The naming module validates the first four, modules/automation the others; what is left out keeps its default there.

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
