locals {
  _log_alerts = yamldecode(file("${path.module}/../../catalog/log-alerts.yaml")).filters

  # The catalogue's name for a kind of log -> its log groups. Never log_alerter's own: a line about a line would never end.
  _log_groups = merge(
    { for kind in ["control_plane", "application", "dataplane", "host"] : kind => { (kind) = var.cluster_log_group_names[kind] } },
    {
      functions = merge(
        {
          instance_scheduler  = module.instance_scheduler.log_group_name
          object_tagger       = module.object_tagger.log_group_name
          tag_auditor         = module.tag_auditor.log_group_name
          tag_backfill        = module.tag_backfill.log_group_name
          transfer_notifier   = module.transfer_notifier.log_group_name
          transfer_reconciler = module.transfer_reconciler.log_group_name
          transfer_starter    = module.transfer_starter.log_group_name
          volume_reaper       = module.volume_reaper.log_group_name
        },
        { for directory, cleaner in module.scratch_cleaner : "scratch_cleaner_${directory}" => cleaner.log_group_name },
      )
    },
  )

  # A filter lets through what one of its rules takes; log_alerter reads the same rules and finds out which.
  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
  _log_patterns = {
    for name, filter in local._log_alerts : name => filter.kind == "json" ? format("{ %s }", join(" || ", [
      for rule in filter.rules : format("(%s)", join(" && ", [
        for field, values in rule.fields : format("(%s)", join(" || ", [
          for value in values : "$.${field} = ${try(tostring(tonumber(value)), jsonencode(value))}"
        ]))
      ]))
      ])) : join(" ", distinct(flatten([
        for rule in filter.rules : [for term in rule.terms : "?\"${term}\""]
    ])))
  }

  log_filters = merge([
    for name, filter in local._log_alerts : merge([
      for kind in filter.logs : {
        for group, log_group_name in local._log_groups[kind] :
        "${name}--${replace(group, "_", "-")}" => { log_group_name = log_group_name, pattern = local._log_patterns[name] }
      }
    ]...)
  ]...)
}

module "log_alerter" {
  source = "../function"

  name           = var.name
  function       = "log_alerter"
  description    = "Turns log lines into notices, grouped, counted and limited"
  archive        = "${local.archives}/log_alerter.zip"
  archive_bucket = var.storage.code_bucket
  layer_arns     = [aws_lambda_layer_version.dependencies.arn]

  # Two at once: in a storm deliveries wait in Lambda's queue, and not for each other's writes.
  reserved_concurrency = 2
  timeout_seconds      = 120
  log_filters          = local.log_filters
  schedules            = { flush = var.log_flush_schedule }
  heartbeat_hours      = local.alarms.heartbeat_hours.log_alerter
  schedules_enabled    = var.schedules_enabled

  environment = merge(local.common_environment, {
    POWERTOOLS_SERVICE_NAME = "log_alerter"
    REPORTS_BUCKET          = var.storage.reports_bucket
    PLATFORM_TOPIC_ARN      = var.topic_arns.platform
    DATA_TOPIC_ARN          = var.topic_arns.data
  })

  permissions = concat(local.keep_state.log_alerter, [
    {
      sid       = "PublishNotices"
      actions   = ["sns:Publish"]
      resources = [var.topic_arns.platform, var.topic_arns.data]
    },
    local.encrypt_notices,
  ])

  failure_metrics = {
    PoisonDeliveries = "A delivery of CloudWatch Logs could not be read and was dropped."
    UnknownFilters   = "A subscription filter is not in the catalogue that the zip carries."
    OwnLinesDropped  = "Its own log group is subscribed to it."
    NoticesFailed    = "SNS did not take a notice."
  }

  key_arns                 = var.key_arns
  alarms                   = local.alarms
  alarm_topic_arn          = var.topic_arns.platform
  permissions_boundary_arn = var.permissions_boundary_arn
}
