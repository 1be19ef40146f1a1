output "alarm_names" {
  description = "Names of the alarms that tell somebody, by what they are called in the catalogues."
  value = merge(
    { for name, alarm in var.alarms : name => aws_cloudwatch_metric_alarm.this[name].alarm_name if alarm.quiet_while == null && !alarm.silent },
    { for name, each in aws_cloudwatch_composite_alarm.told : name => each.alarm_name },
    local._composite_names,
    { for name, each in aws_cloudwatch_composite_alarm.burn : "slo-${name}" => each.alarm_name },
  )
}

output "dashboard_names" {
  description = "Names of the dashboards, by audience."
  value       = { for audience, each in aws_cloudwatch_dashboard.this : audience => each.dashboard_name }
}
