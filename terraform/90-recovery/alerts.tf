# Always there, because a person confirms a subscription by hand, and does so before the disaster.
module "alerts" {
  source = "../../modules/alerts"

  name    = local.name
  region  = module.naming.recovery_region
  key_arn = local.foundation.recovery_key_arns.alerts

  topics = {
    transfer = "${local.name} transfer: started, ended, failed"
    data     = "${local.name} data: unclassified or untagged objects"
    platform = "${local.name} platform: alarms"
  }
  subscriptions = var.alert_subscriptions
}
