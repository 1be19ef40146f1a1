locals {
  _tell = [var.alarm_topic_arn]

  # An alarm that something may keep quiet measures under a name of its own: only composite alarms can be suppressed.
  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-suppression.html
  measures = { for name, alarm in var.alarms : name => "${var.name}-${name}${alarm.quiet_while == null ? "" : "-measure"}" }

  _observed   = { for name, alarm in var.alarms : name => alarm.metric == null ? alarm.metrics : { value = alarm.metric } }
  _comparison = { above = "GreaterThanUpperThreshold", below = "LessThanLowerThreshold", both = "LessThanLowerOrGreaterThanUpperThreshold" }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = var.alarms

  alarm_name        = local.measures[each.key]
  alarm_description = "${each.value.means} (${each.value.severity}, ${each.value.audience}) Runbook: ${each.value.runbook}"

  comparison_operator = each.value.band != null ? local._comparison[each.value.band.side] : each.value.above != null ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = each.value.band != null ? null : each.value.above != null ? each.value.above : each.value.below
  threshold_metric_id = each.value.band != null ? "usual" : null
  evaluation_periods  = coalesce(each.value.of, each.value.periods)
  datapoints_to_alarm = each.value.periods
  treat_missing_data  = each.value.missing

  dynamic "metric_query" {
    for_each = local._observed[each.key]

    content {
      id          = metric_query.key
      return_data = each.value.expression == null

      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.name
        dimensions  = metric_query.value.dimensions
        stat        = metric_query.value.statistic
        period      = each.value.period
      }
    }
  }

  dynamic "metric_query" {
    for_each = each.value.expression[*]

    content {
      id          = "joined"
      expression  = metric_query.value
      label       = each.key
      return_data = true
    }
  }

  dynamic "metric_query" {
    for_each = each.value.band[*]

    content {
      id          = "usual"
      expression  = "ANOMALY_DETECTION_BAND(${each.value.expression == null ? "value" : "joined"}, ${metric_query.value.deviations})"
      label       = "what is usual"
      return_data = true
    }
  }

  alarm_actions = each.value.silent || each.value.quiet_while != null ? [] : local._tell
  ok_actions    = each.value.silent || each.value.quiet_while != null ? [] : local._tell
}
