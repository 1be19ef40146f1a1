module "tag_auditor" {
  source = "../function"

  name           = var.name
  function       = "tag_auditor"
  description    = "Looks every morning whether each object of the data lake has tags, and the right ones"
  archive        = "${local.archives}/tag_auditor.zip"
  archive_bucket = var.storage.code_bucket
  layer_arns     = [aws_lambda_layer_version.dependencies.arn]

  reserved_concurrency = 1
  timeout_seconds      = 900
  memory_mb            = 1024
  schedules = {
    audit    = merge(var.audit_schedule, { input = { mode = "audit" }, max_age_seconds = 3600 })
    continue = { expression = "rate(15 minutes)", timezone = var.audit_schedule.timezone, input = { mode = "continue" }, max_attempts = 1 }
  }
  heartbeat_hours   = local.alarms.heartbeat_hours.tag_auditor
  schedules_enabled = var.schedules_enabled

  environment = merge(local.common_environment, {
    POWERTOOLS_SERVICE_NAME = "tag_auditor"
    DATA_TOPIC_ARN          = var.topic_arns.data
    GRACE_MINUTES           = tostring(var.audit_grace_minutes)
    LAKE_BUCKET             = var.storage.lake_bucket
    REPORTS_BUCKET          = var.storage.reports_bucket
  })

  permissions = concat(local.keep_state.tag_auditor, [
    local.write_reports.tag_auditor,
    {
      sid       = "ListLake"
      actions   = ["s3:ListBucket"]
      resources = [var.storage.lake_bucket_arn]
    },
    {
      sid       = "ReadTags"
      actions   = ["s3:GetObjectTagging"]
      resources = ["${var.storage.lake_bucket_arn}/*"]
    },
  ], local.publish_notices.data)

  failure_metrics = {
    AuditFailures = "An audit cannot go on; it tries again every quarter of an hour."
    AuditsMissed  = "No audit has come to its end for more than a day."
    ObjectsUnread = "The tags of some objects could not be read."
    NoticesFailed = "SNS did not take a notice."
  }

  key_arns                 = var.key_arns
  alarms                   = local.alarms
  alarm_topic_arn          = var.topic_arns.platform
  permissions_boundary_arn = var.permissions_boundary_arn
}
