module "data_lake" {
  source = "../../modules/data-lake"

  providers = {
    aws          = aws
    aws.recovery = aws.recovery
  }

  name                     = module.naming.prefix
  data_classes             = local.data_classes
  lake_key_arn             = local.foundation.key_arns["lake"]
  replica_key_arn          = local.foundation.recovery_key_arns["lake"]
  exempt_role_arns         = local.machine_role_arns.platform.exempt
  reader_role_arns         = local.reader_role_arns
  tagging_role_arns        = concat(var.hand_tagging_role_arns, local.machine_role_arns.platform.tagging)
  recovery_roles           = local.machine_role_arns.standby
  replica_writer_role_arns = local.replica_writer_role_arns
  batch_role_arns          = ["${local._role}tag-backfill-jobs"]
  replica_lock_days        = var.replica_lock_days
  deletion_protection      = var.deletion_protection
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
