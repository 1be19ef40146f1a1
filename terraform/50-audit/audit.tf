locals {
  # As 20-storage names them for the lake's policy, but without the custodians: tags set by hand are to be seen. The hospital's
  # records (30-cluster) are uploaded with their tags, which is another call.
  tagging_role_arns = [
    for name in ["object-tagger", "tag-backfill", "tag-backfill-jobs", "recovery-object-tagger", "recovery-tag-backfill", "recovery-tag-backfill-jobs"] :
    "arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.this.account_id}:role/${module.naming.prefix}-${name}"
  ]
}

module "audit_trail" {
  source = "../../modules/audit-trail"

  providers = {
    aws          = aws
    aws.recovery = aws.recovery
  }

  name                              = module.naming.prefix
  permissions_boundary_arn          = local.foundation.permissions_boundary_arn
  key_arn                           = local.foundation.key_arns["audit"]
  logs_key_arn                      = local.foundation.key_arns["logs"]
  topic_arn                         = local.foundation.topic_arns["platform"]
  access_log_bucket                 = local.storage.access_logs_bucket
  lake_bucket                       = local.storage.lake_bucket
  replica_bucket                    = local.storage.replica_bucket
  reports_bucket                    = local.storage.reports_bucket
  tagging_role_arns                 = local.tagging_role_arns
  retention_days                    = var.trail_retention_days
  log_group_days                    = var.trail_log_group_days
  access_analyzer                   = var.access_analyzer
  guardduty                         = var.guardduty
  guardduty_features                = var.guardduty_features
  config_rules                      = var.config_rules
  create_config_service_linked_role = var.create_config_service_linked_role
  deletion_protection               = var.deletion_protection
}
