# An unusual bill is often the first sign of a key in wrong hands, so who watches the account watches its costs.
module "cost" {
  source = "../../modules/cost"

  name                   = module.naming.prefix
  monthly_usd            = var.monthly_budget_usd
  topic_arn              = local.foundation.topic_arns["platform"]
  email_addresses        = var.budget_email_addresses
  cost_explorer          = var.cost_explorer
  create_anomaly_monitor = var.cost_anomaly_monitor_arn == null
  anomaly_monitor_arn    = var.cost_anomaly_monitor_arn
  allocation_tags        = var.cost_allocation_tags
}
