output "alarm_names" {
  description = "Names of the alarms that tell somebody, by what they are called in the catalogues."
  value = merge(
    { for name, alarm in var.alarms : name => aws_cloudwatch_metric_alarm.this[name].alarm_name if alarm.quiet_while == null && !alarm.silent },
    { for name, each in aws_cloudwatch_composite_alarm.told : name => each.alarm_name },
    local._composite_names,
    { for name, each in merge(module.burn.alarms, module.burn_in_recovery.alarms) : "slo-${name}" => each.alarm_name },
  )
}

output "recovery_alarm_arns" {
  description = "ARNs of the alarms of the recovery region that are to be told, for modules/event-notices."
  # Made from the parts: a pattern of events shows in a plan then.
  value = [
    for each in module.burn_in_recovery.alarms :
    "arn:${data.aws_partition.this.partition}:cloudwatch:${var.watched.recovery_region}:${data.aws_caller_identity.this.account_id}:alarm:${each.alarm_name}"
  ]
}

output "dashboard_names" {
  description = "Names of the dashboards, by audience."
  value       = { for audience, each in aws_cloudwatch_dashboard.this : audience => each.dashboard_name }
}
