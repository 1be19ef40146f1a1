locals {
  _report_prefixes = [for transfer in values(var.storage.transfers) : transfer.report_prefix]
}

module "object_tagger" {
  source = "../function"

  name           = var.name
  function       = "object_tagger"
  description    = "Tags the objects a transfer brought into the data lake with class, sensitivity, project and site"
  archive        = "${local.archives}/object_tagger.zip"
  archive_bucket = var.storage.code_bucket
  layer_arns     = [aws_lambda_layer_version.dependencies.arn]

  # A single writer of tags: two at once could undo each other's merge. A transfer that ends meanwhile waits.
  reserved_concurrency = 1
  timeout_seconds      = 900
  memory_mb            = 1024
  retry                = { attempts = 2, max_age_seconds = 21600 }
  event_patterns       = { transfer-ended = local.transfer_ended }

  environment = merge(local.common_environment, {
    POWERTOOLS_SERVICE_NAME = "object_tagger"
    DATA_TOPIC_ARN          = var.topic_arns.data
    LAKE_BUCKET             = var.storage.lake_bucket
    REPORTS_BUCKET          = var.storage.reports_bucket
    READ_TAGS_FIRST         = tostring(var.read_tags_first)
  })

  permissions = concat([
    local.describe_executions,
    {
      sid        = "ListReports"
      actions    = ["s3:ListBucket"]
      resources  = [var.storage.reports_bucket_arn]
      conditions = [{ test = "StringLike", variable = "s3:prefix", values = [for prefix in local._report_prefixes : "${prefix}/*"] }]
    },
    {
      sid       = "ReadReports"
      actions   = ["s3:GetObject"] # the key: keep_state
      resources = [for prefix in local._report_prefixes : "${var.storage.reports_bucket_arn}/${prefix}/*"]
    },
    {
      # Otherwise S3 answers 403 instead of 404 for an object that is gone.
      sid       = "NoticeMissingObjects"
      actions   = ["s3:ListBucket", "s3:ListBucketVersions"]
      resources = [var.storage.lake_bucket_arn]
    },
    {
      sid       = "ReadTags"
      actions   = ["s3:GetObjectTagging", "s3:GetObjectVersionTagging"]
      resources = ["${var.storage.lake_bucket_arn}/*"]
    },
    {
      # Never a tag set without a class: that would hide the object from everyone.
      sid        = "WriteTags"
      actions    = ["s3:PutObjectVersionTagging"]
      resources  = ["${var.storage.lake_bucket_arn}/*"]
      conditions = [{ test = "Null", variable = "s3:RequestObjectTag/data_class", values = ["false"] }]
    },
  ], local.keep_state.object_tagger, local.publish_notices.data)

  failure_metrics = {
    TagFailures   = "Objects could not be tagged and are readable by no researcher."
    NoticesFailed = "SNS did not take a notice."
  }

  key_arns                 = var.key_arns
  alarms                   = local.alarms
  alarm_topic_arn          = var.topic_arns.platform
  permissions_boundary_arn = var.permissions_boundary_arn
}
