# The functions' archives. They are made again from the sources at any time, so nothing protects them from deletion.
module "code" {
  source = "../../modules/bucket"

  bucket              = "${module.naming.prefix}-code-${module.naming.region}"
  key_arn             = local.foundation.key_arns["functions"]
  access_log_bucket   = module.data_lake.access_logs_buckets.primary
  lifecycle_rules     = { replaced = { prefix = "", noncurrent_days = 90 } }
  deletion_protection = false
}
