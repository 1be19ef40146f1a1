# A job that is never started, because a tag, a rule or a copy is missing, fails nowhere: only what is not made tells. AWS Backup counts
# recovery points by vault and type, and says nothing when there is none.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html

locals {
  watched = { for name, backup in var.backups : name => merge(local.kinds[backup.protects], backup) if contains(var.watched_backups, name) }
}

resource "aws_cloudwatch_metric_alarm" "missing" {
  for_each = local.watched

  alarm_name        = "${var.name}-backup-${each.key}-missing"
  alarm_description = "No recovery point of the plan ${each.key} has been made for ${each.value.missing_hours} hours. Runbook: ${local.runbook}"

  namespace           = "AWS/Backup"
  metric_name         = "NumberOfRecoveryPointsCompleted"
  dimensions          = { BackupVaultName = aws_backup_vault.primary.name, ResourceType = each.value.type }
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = each.value.missing_hours
  datapoints_to_alarm = each.value.missing_hours
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"

  alarm_actions = [var.topic_arn]
  ok_actions    = [var.topic_arn]
}

# It publishes nowhere: the topic lies in the other region. modules/event-notices tells of it.
resource "aws_cloudwatch_metric_alarm" "copy_missing" {
  for_each = local.watched
  provider = aws.recovery

  alarm_name        = "${var.name}-backup-${each.key}-missing"
  alarm_description = "No copy of a recovery point of the plan ${each.key} has come for ${each.value.copy_missing_hours} hours. Runbook: ${local.runbook}"

  namespace           = "AWS/Backup"
  metric_name         = "NumberOfRecoveryPointsCompleted"
  dimensions          = { BackupVaultName = aws_backup_vault.recovery.name, ResourceType = each.value.type }
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = each.value.copy_missing_hours
  datapoints_to_alarm = each.value.copy_missing_hours
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
}
