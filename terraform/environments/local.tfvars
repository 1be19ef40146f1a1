# The platform on one machine, and the smallest that is still whole. All roots read this file and take what they declare.
organisation    = "kosha"
environment     = "local"
region          = "ap-south-1"
recovery_region = "ap-south-2"

vpc_cidr = "10.20.0.0/16"
nat_mode = "single"

# The account is new: nothing has made the roles yet.
create_service_linked_roles       = ["autoscaling", "spot"]
create_config_service_linked_role = true

# What lies here is disposable: make destroy must be able to remove it (docs/adr/0006). Everywhere else the default protects.
deletion_protection = false

alert_subscriptions = {
  transfer_custodians = { topic = "transfer", protocol = "email", endpoint = "data-custodians@kosha.example" }
  data_custodians     = { topic = "data", protocol = "email", endpoint = "data-custodians@kosha.example" }
  platform_operators  = { topic = "platform", protocol = "email", endpoint = "platform-operators@kosha.example" }
}

# 20-storage. Whoever has the tags project and site in this account; this machine is the institution.
trusted_readers      = { principals = ["arn:aws:iam::000000000000:root"] }
institution_networks = ["127.0.0.0/8"]

# 30-cluster. Only the AWS side of the cluster exists on one machine: one node is enough.
cluster_version = "1.35"
cluster_nodes   = { min = 1, desired = 1, max = 2 }

# 50-audit. As by default: the local cloud keeps records of all of it and does none (modules/audit-trail/README.md).
monthly_budget_usd   = 1000
cost_allocation_tags = ["organisation", "environment", "root"]

# 60-protection. Until a claim asks for a disk no volume has the tag.
watched_backups = ["critical"]

# 40-automation. Two shifts: one can see instances stop when one ends, and start when the other begins.
testing_hours = {
  office-hours = { weekdays = ["mon", "tue", "wed", "thu", "fri"], begin = "08:00", end = "20:00" }
  night-shift  = { weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], begin = "20:30", end = "08:00", start = true }
}

# 90-recovery. Nothing of the standby runs until it is asked for: make apply ROOT=90-recovery STAGE=pilot_light or active.
recovery_stage    = "cold"
recovery_vpc_cidr = "10.21.0.0/16"
