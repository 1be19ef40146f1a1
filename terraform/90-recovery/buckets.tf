data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

# What the functions keep and come from, beside the replica of the lake. Empty until the standby has functions.

module "reports" {
  source = "../../modules/bucket"

  bucket              = "${module.naming.prefix}-reports-${module.naming.recovery_region}"
  key_arn             = local.foundation.recovery_key_arns.lake
  access_log_bucket   = local.storage.recovery_access_logs_bucket
  lifecycle_rules     = { everything = { prefix = "", noncurrent_days = 30, expire_days = 400 } }
  deletion_protection = var.deletion_protection

  # S3 encrypts completion reports of its jobs with nothing else (modules/data-lake).
  sse_s3_role_arns = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/${local.name}-tag-backfill-jobs"]
}

# The functions' archives. They are made again from the sources at any time, so nothing protects them from deletion.
module "code" {
  source = "../../modules/bucket"

  bucket              = "${module.naming.prefix}-code-${module.naming.recovery_region}"
  key_arn             = local.foundation.recovery_key_arns.functions
  access_log_bucket   = local.storage.recovery_access_logs_bucket
  lifecycle_rules     = { replaced = { prefix = "", noncurrent_days = 90 } }
  deletion_protection = false
}
