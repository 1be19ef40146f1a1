locals {
  # S3 replicates no lifecycle, and counts a replica's days from when its source was made. What the replica is in at last may be
  # another class than the lake's: it is what people work with when the primary region is gone (docs/adr/0036).
  class_rules = {
    for name, class in var.data_classes : replace(name, "_", "-") => {
      prefix          = "${class.prefix}/"
      transitions     = class.lifecycle.transitions
      noncurrent_days = class.lifecycle.noncurrent_days
      expire_days     = class.lifecycle.expire_days
    }
  }
  replica_rules = {
    for name, class in var.data_classes : replace(name, "_", "-") => merge(
      local.class_rules[replace(name, "_", "-")],
      { transitions = class.lifecycle.replica_transitions == null ? class.lifecycle.transitions : class.lifecycle.replica_transitions },
    )
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
  lifecycle_rules     = local.replica_rules
  object_lock_days    = var.replica_lock_days
  extra_statements    = concat(local.access_policies[local.replica_bucket], [local.replica_writing])
  deletion_protection = var.deletion_protection
}
