# A laboratory with one sequencer. Whatever is not here has its default.
organisation    = "smalllab"
environment     = "lab"
region          = "ap-south-1"
recovery_region = "ap-south-2"

# 10-foundation. One NAT gateway, and no interface endpoints: the calls to AWS go through it, too.
vpc_cidr            = "10.60.0.0/16"
nat_mode            = "single"
interface_endpoints = []

alert_subscriptions = {
  transfer_lab = { topic = "transfer", protocol = "email", endpoint = "lab@smalllab.example" }
  data_lab     = { topic = "data", protocol = "email", endpoint = "lab@smalllab.example" }
  platform_lab = { topic = "platform", protocol = "email", endpoint = "lab@smalllab.example" }
}

# 20-storage. People of the account act as what their tags `project` and `site` say (docs/runbooks/reader-access.md).
trusted_readers = { principals = ["arn:aws:iam::111122223333:root"] }

# 30-cluster. Two nodes, so that one can be replaced; those of the steps come and go.
cluster_version = "1.35"
cluster_nodes   = { min = 2, desired = 2, max = 3 }
cluster_access_entries = {
  admin = { principal_arn = "arn:aws:iam::111122223333:role/lab-admin", role = "platform_admin" }
}

# 50-audit. The trail and Access Analyzer; not what is billed by use.
guardduty          = false
config_rules       = []
monthly_budget_usd = 600

# 60-protection. Without AWS Config Audit Manager sees nothing; no volume asks for a backup yet.
backup_framework = false
watched_backups  = ["critical"]

# 90-recovery. The data are copied; the platform would be applied there when it is needed (docs/recovery.md).
recovery_stage    = "cold"
recovery_vpc_cidr = "10.61.0.0/16"
