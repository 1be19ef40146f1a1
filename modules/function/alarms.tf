locals {
  _lambda_alarms = {
    errors = {
      namespace   = "AWS/Lambda"
      metric      = "Errors"
      dimensions  = { FunctionName = local.function_name }
      statistic   = "Sum"
      rule        = var.alarms.errors
      description = "${local.function_name} failed."
    }
    throttles = {
      namespace   = "AWS/Lambda"
      metric      = "Throttles"
      dimensions  = { FunctionName = local.function_name }
      statistic   = "Sum"
      rule        = var.alarms.throttles
      description = "${local.function_name} has been refused to run for ${var.alarms.throttles.periods * var.alarms.throttles.period / 60} minutes (reserved concurrency)."
    }
    dead-letters = {
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = aws_sqs_queue.dead_letter.name }
      statistic   = "Maximum"
      rule        = var.alarms.dead_letters
      description = "${local.function_name} gave up on an event; it waits in the queue ${aws_sqs_queue.dead_letter.name}."
    }
  }

  # A failure that another try would not mend ends in a normal return and a metric (Powertools adds the dimension service).
  # https://docs.aws.amazon.com/powertools/python/latest/core/metrics/
  _own_alarms = {
    for metric, meaning in var.failure_metrics : metric => {
      namespace   = "Kosha"
      metric      = metric
      dimensions  = { service = local.service }
      statistic   = "Sum"
      rule        = var.alarms.failures
      description = "${local.function_name}: ${meaning}"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = merge(local._lambda_alarms, local._own_alarms)

  alarm_name        = "${local.function_name}-${each.key}"
  alarm_description = "${each.value.description} Runbook: ${local.runbook}"

  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.rule.period
  evaluation_periods  = each.value.rule.periods
  datapoints_to_alarm = each.value.rule.periods
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.rule.above
  treat_missing_data  = each.value.rule.missing

  alarm_actions = [var.alarm_topic_arn]
  ok_actions    = [var.alarm_topic_arn]
}

# A schedule that does not fire raises no error anywhere: only what is missing tells. Where schedules are off on purpose,
# nothing is missing.
resource "aws_cloudwatch_metric_alarm" "heartbeat" {
  for_each = toset(var.heartbeat_hours == null || !var.schedules_enabled ? [] : ["heartbeat"])

  alarm_name        = "${local.function_name}-${each.key}"
  alarm_description = "${local.function_name} has not run for ${var.heartbeat_hours} hours. Runbook: ${local.runbook}"

  namespace           = "AWS/Lambda"
  metric_name         = "Invocations"
  dimensions          = { FunctionName = local.function_name }
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = var.heartbeat_hours
  datapoints_to_alarm = var.heartbeat_hours
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"

  alarm_actions = [var.alarm_topic_arn]
  ok_actions    = [var.alarm_topic_arn]
}
