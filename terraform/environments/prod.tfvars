organisation    = "kosha"
environment     = "prod"
region          = "ap-south-1"
recovery_region = "ap-south-2"

vpc_cidr = "10.40.0.0/16"
nat_mode = "per_az" # the loss of a zone must not cut off the other two

flow_log_retention_days = 731

alert_subscriptions = {
  transfer_custodians = { topic = "transfer", protocol = "email", endpoint = "data-custodians@kosha.example" }
  data_custodians     = { topic = "data", protocol = "email", endpoint = "data-custodians@kosha.example" }
  platform_operators  = { topic = "platform", protocol = "email", endpoint = "platform-operators@kosha.example" }
}

# 20-storage. Who may act as researcher, custodian or operator is added here; until then nobody reads the lake
# (docs/runbooks/reader-access.md).
#   trusted_readers      = { saml_providers = ["arn:aws:iam::<account>:saml-provider/<name>"] }
#   institution_networks = ["<address>/<bits>"]
trusted_readers = {}

# Object Lock on the replica of the lake, for good once it is there, so before the first apply or never (docs/adr/0035).
#   replica_lock_days = 90

# 30-cluster. A node in every Availability Zone.
cluster_version = "1.35"
cluster_nodes   = { min = 3, desired = 3, max = 9 }

# Who works with the cluster is added here: a researcher names namespaces, a platform_admin none. Until then nobody may.
#   platform = { principal_arn = "arn:aws:iam::<account>:role/<role>", role = "platform_admin" }
cluster_access_entries = {}

# 50-audit. All of it, and a second copy of the trail for queries.
trail_log_group_days = 400

# The lake grows: make cost has 12,000 USD in the first month and 17,700 in the sixtieth. Raise it with the data.
monthly_budget_usd = 14000

# 60-protection. All of it, as by default. When the first months have gone well: backup_lock = "compliance", which nobody can ever undo.
# 90-recovery. All but what works, so that the standby takes over in minutes (docs/adr/0033).
recovery_stage    = "pilot_light"
recovery_vpc_cidr = "10.41.0.0/16"
