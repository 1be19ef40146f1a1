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

  # S3 replicates from a bucket with Object Lock to buckets with Object Lock only, and the replica is replicated back: so the
  # lake gets it too, without a retention of its own. https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html
  object_lock = var.replica_lock_days != null
}

module "replica" {
  source    = "../bucket"
  providers = { aws = aws.recovery }

  bucket              = local.replica_bucket
  key_arn             = var.replica_key_arn
  access_log_bucket   = module.recovery_access_logs.bucket
  lifecycle_rules     = local.class_rules
  object_lock_days    = var.replica_lock_days
  extra_statements    = concat(local.access_policies[local.replica_bucket], [local.replica_writing])
  deletion_protection = var.deletion_protection
}
