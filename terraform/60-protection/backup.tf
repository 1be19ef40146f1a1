module "backup" {
  source = "../../modules/backup"

  providers = {
    aws          = aws
    aws.recovery = aws.recovery
  }

  name                     = module.naming.prefix
  timezone                 = local.recovery.business_hours.timezone
  backups                  = local.recovery.backups
  watched_backups          = var.watched_backups
  file_system_arn          = local.storage.file_system_arn
  key_arns                 = local.foundation.key_arns
  recovery_key_arns        = local.foundation.recovery_key_arns
  lock                     = var.backup_lock
  lock_changeable_for_days = var.backup_lock_changeable_for_days
  restore_testing          = var.restore_testing
  framework                = var.backup_framework
  topic_arn                = local.foundation.topic_arns["platform"]
  deletion_protection      = var.deletion_protection
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
