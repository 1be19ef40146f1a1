data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  # By their names, because later roots make them: what tags (40-automation), and the hospital's records, which are uploaded
  # with tags (30-cluster). tests/local/test_45_access.py holds them against the roles there are.
  tagging_role_arns = concat(var.custodian_role_arns, [
    for name in ["object-tagger", "tag-backfill", "tag-backfill-jobs", "cluster-hospital"] :
    "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/${module.naming.prefix}-${name}"
  ])
}

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
  exempt_role_arns         = [module.transfer.lake_role_arn]
  tagging_role_arns        = local.tagging_role_arns
  deletion_protection      = var.deletion_protection
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
