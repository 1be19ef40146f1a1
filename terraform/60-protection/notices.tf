module "notices" {
  source = "../../modules/event-notices"

  providers = {
    aws          = aws
    aws.recovery = aws.recovery
  }

  name                     = "${module.naming.prefix}-protection"
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
  topic_arn                = local.foundation.topic_arns["platform"]
  rules                    = merge(module.backup.notice_rules, module.storage_replica.notice_rules)
  recovery_alarm_arns      = concat(module.backup.recovery_alarm_arns, module.replication_watch.recovery_alarm_arns)
}
