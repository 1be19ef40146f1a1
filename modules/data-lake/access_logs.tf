module "access_logs" {
  source = "../bucket"

  bucket                     = local.access_logs_bucket
  access_log_sources_account = local.account
  lifecycle_rules            = { everything = { prefix = "", noncurrent_days = 30, expire_days = var.log_days } }
  deletion_protection        = var.deletion_protection
}

module "recovery_access_logs" {
  source    = "../bucket"
  providers = { aws = aws.recovery }

  bucket                     = local.recovery_access_logs_bucket
  access_log_sources_account = local.account
  lifecycle_rules            = { everything = { prefix = "", noncurrent_days = 30, expire_days = var.log_days } }
  deletion_protection        = var.deletion_protection
}
