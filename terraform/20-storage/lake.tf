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
  exempt_role_arns         = [for transfer in keys(local.layout.transfers) : "${local._role}${transfer}-lake"]
  reader_role_arns         = local.reader_role_arns
  tagging_role_arns        = local.tagging_role_arns
  deletion_protection      = var.deletion_protection
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
