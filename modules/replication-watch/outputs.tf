output "recovery_alarm_arns" {
  description = "ARNs of the alarms in the recovery region, for modules/event-notices."
  value = [
    for alarm in aws_cloudwatch_metric_alarm.recovery :
    "arn:${data.aws_partition.this.partition}:cloudwatch:${data.aws_region.recovery.name}:${data.aws_caller_identity.this.account_id}:alarm:${alarm.alarm_name}"
  ]
}

output "alarms" {
  description = "Names of the alarms of both regions."
  value       = sort([for alarm in concat(values(aws_cloudwatch_metric_alarm.this), values(aws_cloudwatch_metric_alarm.recovery)) : alarm.alarm_name])
}
