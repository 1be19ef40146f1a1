locals {
  # What an audit finds is so until an audit finds it mended: these alarms last, unlike those of modules/function, which
  # end minutes after a count. One audit a day is one value a day.
  _audit_alarms = {
    TagCoverage = {
      mornings = 2 # untagged objects are hidden, not shown: there is a day to mend them
      meaning  = "Objects have been without tags for two mornings."
    }
    TagCorrectness = {
      mornings = 1
      meaning  = "Objects lack tags, or have others than their names call for."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "audit" {
  for_each = local._audit_alarms

  alarm_name        = "${var.name}-tag-auditor-${each.key}"
  alarm_description = "${each.value.meaning} Runbook: docs/runbooks/tag-auditor.md"

  namespace           = local.common_environment.POWERTOOLS_METRICS_NAMESPACE
  metric_name         = each.key
  dimensions          = { service = "tag_auditor" }
  statistic           = "Minimum"
  period              = 86400
  evaluation_periods  = each.value.mornings
  datapoints_to_alarm = each.value.mornings
  comparison_operator = "LessThanThreshold"
  threshold           = 100
  treat_missing_data  = "ignore" # a day without an audit mends nothing

  alarm_actions = [var.topic_arns.platform]
  ok_actions    = [var.topic_arns.platform]
}

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
  heartbeat_hours   = 2
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
  alarm_topic_arn          = var.topic_arns.platform
  permissions_boundary_arn = var.permissions_boundary_arn
}
