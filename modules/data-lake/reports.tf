module "reports" {
  source = "../bucket"

  bucket              = local.reports_bucket
  key_arn             = var.lake_key_arn
  access_log_bucket   = module.access_logs.bucket
  lifecycle_rules     = { everything = { prefix = "", noncurrent_days = 30, expire_days = var.log_days } }
  sse_s3_role_arns    = concat(var.batch_role_arns, ["arn:${local.partition}:iam::${local.account}:role/${local.replication_jobs_role}"])
  deletion_protection = var.deletion_protection
}
