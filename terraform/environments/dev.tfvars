# For work on the platform itself: complete, but with one NAT gateway, and no patient's data.
organisation    = "kosha"
environment     = "dev"
region          = "ap-south-1"
recovery_region = "ap-south-2"

vpc_cidr = "10.30.0.0/16"
nat_mode = "single"

alert_subscriptions = {
  transfer_developers = { topic = "transfer", protocol = "email", endpoint = "platform-developers@kosha.example" }
  data_developers     = { topic = "data", protocol = "email", endpoint = "platform-developers@kosha.example" }
  platform_developers = { topic = "platform", protocol = "email", endpoint = "platform-developers@kosha.example" }
}

# 20-storage. Who may act as researcher, custodian or operator is added here; until then nobody reads the lake
# (docs/runbooks/reader-access.md).
#   trusted_readers      = { saml_providers = ["arn:aws:iam::<account>:saml-provider/<name>"] }
#   institution_networks = ["<address>/<bits>"]
trusted_readers = {}

# 30-cluster. Two nodes, so that one can be replaced.
cluster_version = "1.35"
cluster_nodes   = { min = 2, desired = 2, max = 4 }

# 50-audit. The trail and Access Analyzer; what is billed by use watches where patients' data are.
guardduty    = false
config_rules = []

monthly_budget_usd = 1000

# 60-protection. Without AWS Config Audit Manager sees nothing, and until a claim asks for a disk no volume has the tag.
backup_framework = false
watched_backups  = ["critical"]
# 90-recovery. What is free; nothing here is missed in a disaster.
recovery_stage    = "cold"
recovery_vpc_cidr = "10.31.0.0/16"
