data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}

data "aws_region" "recovery" {
  provider = aws.recovery
}

locals {
  # S3 publishes what is late or waits where the replica lies, and what failed where the source lies.
  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
  _bucket_alarms = merge([
    for name, replication in var.buckets : {
      "${name}-late" = {
        in_recovery = replication.to_recovery
        about       = "${replication.destination} is more than ${replication.late_minutes} minutes behind ${replication.source}."
        namespace   = "AWS/S3"
        metric      = "ReplicationLatency"
        dimensions  = { SourceBucket = replication.source, DestinationBucket = replication.destination, RuleId = replication.rule }
        statistic   = "Maximum"
        period      = 300
        periods     = 1
        threshold   = replication.late_minutes * 60
        missing     = "notBreaching"
      }
      # While something is written, something waits. That nothing has ever caught up for hours is another thing.
      "${name}-waiting" = {
        in_recovery = replication.to_recovery
        about       = "For three hours something has always been waiting to be replicated from ${replication.source} to ${replication.destination}."
        namespace   = "AWS/S3"
        metric      = "BytesPendingReplication"
        dimensions  = { SourceBucket = replication.source, DestinationBucket = replication.destination, RuleId = replication.rule }
        statistic   = "Minimum"
        period      = 3600
        periods     = 3
        threshold   = 0
        missing     = "notBreaching"
      }
      "${name}-failed" = {
        in_recovery = !replication.to_recovery
        about       = "Objects of ${replication.source} were not replicated to ${replication.destination}, and S3 does not try again."
        namespace   = "AWS/S3"
        metric      = "OperationsFailedReplication"
        dimensions  = { SourceBucket = replication.source, DestinationBucket = replication.destination, RuleId = replication.rule }
        statistic   = "Sum"
        period      = 300
        periods     = 1
        threshold   = 0
        missing     = "notBreaching"
      }
    }
  ]...)

  # That the metric is missing means that the replication is.
  # https://docs.aws.amazon.com/efs/latest/ug/efs-metrics.html
  _file_system_alarms = {
    for name, replication in var.file_systems : "${name}-late" => {
      in_recovery = false
      about       = "${replication.destination} is more than ${replication.late_minutes} minutes behind ${replication.source}, or is not replicated to."
      namespace   = "AWS/EFS"
      metric      = "TimeSinceLastSync"
      dimensions  = { FileSystemId = replication.source, DestinationFileSystemId = replication.destination }
      statistic   = "Maximum"
      period      = 300
      periods     = 1
      threshold   = replication.late_minutes * 60
      missing     = "breaching"
    }
  }

  _alarms = merge(local._bucket_alarms, local._file_system_alarms)
  runbook = "docs/runbooks/backups.md"
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = { for name, alarm in local._alarms : name => alarm if !alarm.in_recovery }

  alarm_name        = "${var.name}-replication-${each.key}"
  alarm_description = "${each.value.about} Runbook: ${local.runbook}"

  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.periods
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = each.value.missing

  alarm_actions = [var.topic_arn]
  ok_actions    = [var.topic_arn]
}

# They publish nowhere: the topic lies in the other region. modules/event-notices tells of them.
resource "aws_cloudwatch_metric_alarm" "recovery" {
  for_each = { for name, alarm in local._alarms : name => alarm if alarm.in_recovery }
  provider = aws.recovery

  alarm_name        = "${var.name}-replication-${each.key}"
  alarm_description = "${each.value.about} Runbook: ${local.runbook}"

  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.periods
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = each.value.missing
}
