# What later roots need of this one (docs/architecture.md).
module "handoff" {
  source    = "../../modules/handoff"
  providers = { aws = aws, aws.recovery = aws.recovery }

  path = module.naming.handoff_path
  document = jsonencode({
    vault_name              = module.backup.vault_name
    vault_arn               = module.backup.vault_arn
    recovery_vault_name     = module.backup.recovery_vault_name
    recovery_vault_arn      = module.backup.recovery_vault_arn
    backup_role_arn         = module.backup.backup_role_arn
    restore_role_arn        = module.backup.restore_role_arn
    replica_file_system_id  = module.storage_replica.file_system_id
    replica_file_system_arn = module.storage_replica.file_system_arn
  })
}
