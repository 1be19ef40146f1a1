# A national centre in both regions. Whatever is not here has its default.
organisation    = "genomics"
environment     = "centre"
region          = "ap-south-1"
recovery_region = "ap-south-2"

# 10-foundation. The loss of a zone must not cut off the other two.
vpc_cidr                = "10.70.0.0/16"
nat_mode                = "per_az"
flow_log_retention_days = 731
deployment_role_arns    = ["arn:aws:iam::111122223333:role/deployment"]

alert_subscriptions = {
  transfer_custodians = { topic = "transfer", protocol = "email", endpoint = "data-custodians@genomics.example" }
  data_custodians     = { topic = "data", protocol = "email", endpoint = "data-custodians@genomics.example" }
  platform_operators  = { topic = "platform", protocol = "email", endpoint = "platform-operators@genomics.example" }
}

# 20-storage. People come by the institution's identity provider, which states their project and site.
trusted_readers      = { saml_providers = ["arn:aws:iam::111122223333:saml-provider/campus"] }
institution_networks = ["203.0.113.0/24"]
# Object Lock on the replica, for good: before the first apply or never (docs/adr/0035).
replica_lock_days = 90

# 30-cluster. A node in every zone.
cluster_version = "1.35"
cluster_nodes   = { min = 3, desired = 3, max = 9 }
cluster_access_entries = {
  operators   = { principal_arn = "arn:aws:iam::111122223333:role/platform-operators", role = "platform_admin" }
  researchers = { principal_arn = "arn:aws:iam::111122223333:role/researchers", role = "researcher", namespaces = ["research"] }
}

# 50-audit. All of it, and a second copy of the trail for queries.
trail_log_group_days = 400
monthly_budget_usd   = 20000

# 60-protection. All of it, as by default; watched_backups needs a volume that asks for one.
watched_backups = ["critical", "daily"]

# 90-recovery. The standby works at all times: it takes over without waiting for anything to be made.
recovery_stage    = "active"
recovery_vpc_cidr = "10.71.0.0/16"
