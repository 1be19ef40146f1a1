locals {
  _reports = trim(local.storage.transfer_report_prefix, "/")
}

module "object_tagger" {
  source = "../../modules/function"

  name           = module.naming.prefix
  function       = "object_tagger"
  description    = "Tags the objects a transfer brought into the data lake with class, sensitivity, project and site"
  archive        = "${local.archives}/object_tagger.zip"
  archive_bucket = local.storage.code_bucket
  layer_arns     = [aws_lambda_layer_version.dependencies.arn]

  # A single writer of tags: two at once could undo each other's merge. A transfer that ends meanwhile waits.
  reserved_concurrency = 1
  timeout_seconds      = 900
  memory_mb            = 1024
  retry                = { attempts = 2, max_age_seconds = 21600 }
  event_patterns       = { transfer-ended = local.transfer_ended }

  environment = merge(local.common_environment, {
    POWERTOOLS_SERVICE_NAME = "object_tagger"
    DATA_TOPIC_ARN          = local.foundation.topic_arns.data
    LAKE_BUCKET             = local.storage.lake_bucket
    REPORTS_BUCKET          = local.storage.reports_bucket
    READ_TAGS_FIRST         = tostring(var.read_tags_first)
    TRANSFER_REPORT_PREFIX  = local.storage.transfer_report_prefix
  })

  permissions = concat([
    local.describe_executions,
    {
      sid        = "ListReports"
      actions    = ["s3:ListBucket"]
      resources  = [local.storage.reports_bucket_arn]
      conditions = [{ test = "StringLike", variable = "s3:prefix", values = ["${local._reports}/*"] }]
    },
    {
      sid       = "ReadReports"
      actions   = ["s3:GetObject"] # the key: keep_state
      resources = ["${local.storage.reports_bucket_arn}/${local._reports}/*"]
    },
    {
      # Otherwise S3 answers 403 instead of 404 for an object that is gone.
      sid       = "NoticeMissingObjects"
      actions   = ["s3:ListBucket", "s3:ListBucketVersions"]
      resources = [local.storage.lake_bucket_arn]
    },
    {
      sid       = "ReadTags"
      actions   = ["s3:GetObjectTagging", "s3:GetObjectVersionTagging"]
      resources = ["${local.storage.lake_bucket_arn}/*"]
    },
    {
      # Never a tag set without a class: that would hide the object from everyone.
      sid        = "WriteTags"
      actions    = ["s3:PutObjectVersionTagging"]
      resources  = ["${local.storage.lake_bucket_arn}/*"]
      conditions = [{ test = "Null", variable = "s3:RequestObjectTag/data_class", values = ["false"] }]
    },
  ], local.keep_state.object_tagger, local.publish_notices.data)

  failure_metrics = {
    TagFailures   = "Objects could not be tagged and are readable by no researcher."
    NoticesFailed = "SNS did not take a notice."
  }

  key_arns                 = local.foundation.key_arns
  alarms                   = local.alarms
  alarm_topic_arn          = local.foundation.topic_arns.platform
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
