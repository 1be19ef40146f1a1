module "automation" {
  source = "../../modules/automation"

  name        = module.naming.prefix
  environment = var.environment
  storage     = local.storage
  network = {
    subnet_ids         = local.foundation.private_subnet_ids
    security_group_ids = [local.foundation.security_group_ids.functions]
  }
  key_arns                 = local.foundation.key_arns
  topic_arns               = local.foundation.topic_arns
  cluster_log_group_names  = local.cluster.log_group_names
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
