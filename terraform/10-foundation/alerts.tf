module "alerts" {
  source = "../../modules/alerts"

  name    = module.naming.prefix
  region  = module.naming.region
  key_arn = module.keys.key_arns["alerts"]

  topics = {
    transfer = "${module.naming.prefix} transfer: started, ended, failed"
    data     = "${module.naming.prefix} data: unclassified or untagged objects"
    platform = "${module.naming.prefix} platform: alarms, findings"
  }
  event_topics  = ["platform"] # what the audit trail and the detectors find (50-audit)
  publishers    = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com", "costalerts.amazonaws.com"]
  subscriptions = var.alert_subscriptions
}
