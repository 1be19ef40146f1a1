module "automation" {
  source = "../../modules/automation"
  count  = local.is_lit ? 1 : 0

  name              = local.name
  environment       = var.environment
  schedules_enabled = local.is_active
  storage = {
    access_point_arns  = module.storage_access[0].access_point_arns
    client_role_arns   = module.storage_access[0].client_role_arns
    code_bucket        = module.code.bucket
    lake_bucket        = local.storage.replica_bucket
    lake_bucket_arn    = local.storage.replica_bucket_arn
    reports_bucket     = module.reports.bucket
    reports_bucket_arn = module.reports.arn
    transfers = {
      for name, transfer in local.layout.transfers : name => {
        task_arn      = module.transfer[name].task_arn
        report_prefix = module.transfer[name].report_prefix
        directory     = transfer.directory
        lake_prefix   = transfer.lake_prefix
        every_minutes = transfer.every_minutes
      }
    }
  }
  network = {
    subnet_ids         = module.network.private_subnet_ids
    security_group_ids = [module.network.security_group_ids["functions"]]
  }
  key_arns                 = local.foundation.recovery_key_arns
  topic_arns               = module.alerts.topic_arns
  cluster_log_group_names  = module.cluster[0].log_group_names
  permissions_boundary_arn = local.foundation.permissions_boundary_arn

  functions_dir           = var.functions_dir
  function_log_level      = var.function_log_level
  transfer_schedule       = var.transfer_schedule
  backfill_schedule       = var.backfill_schedule
  read_tags_first         = var.read_tags_first
  reconciler_schedule     = var.reconciler_schedule
  volume_watch_schedule   = var.volume_watch_schedule
  volume_reap_schedule    = var.volume_reap_schedule
  volume_window_days      = var.volume_window_days
  cleaning_schedule       = var.cleaning_schedule
  cleaning_undo_days      = var.cleaning_undo_days
  cleaning_needs_replica  = var.cleaning_needs_replica
  audit_schedule          = var.audit_schedule
  audit_grace_minutes     = var.audit_grace_minutes
  log_flush_schedule      = var.log_flush_schedule
  instance_look_schedule  = var.instance_look_schedule
  testing_hours           = var.testing_hours
  testing_holidays        = var.testing_holidays
  instance_override_hours = var.instance_override_hours
  busy_instance           = var.busy_instance
}
