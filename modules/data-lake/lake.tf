locals {
  # The same on both sides: the replica ages as the lake does, and S3 replicates no lifecycle.
  class_rules = {
    for name, class in var.data_classes : replace(name, "_", "-") => merge(class.lifecycle, { prefix = "${class.prefix}/" })
  }
}

module "lake" {
  source = "../bucket"

  bucket              = local.lake_bucket
  key_arn             = var.lake_key_arn
  access_log_bucket   = module.access_logs.bucket
  lifecycle_rules     = local.class_rules
  extra_statements    = local.access_policies[local.lake_bucket]
  deletion_protection = var.deletion_protection
}

module "replica" {
  source    = "../bucket"
  providers = { aws = aws.recovery }

  bucket              = local.replica_bucket
  key_arn             = var.replica_key_arn
  access_log_bucket   = module.recovery_access_logs.bucket
  lifecycle_rules     = local.class_rules
  extra_statements    = local.access_policies[local.replica_bucket]
  deletion_protection = var.deletion_protection
}
