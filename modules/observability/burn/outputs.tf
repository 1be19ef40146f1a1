output "windows" {
  description = "The windows, <objective>-<speed>-<long or short>."
  value       = aws_cloudwatch_metric_alarm.window
}

output "alarms" {
  description = "The alarms that tell, <objective>-<speed>."
  value       = { for name, each in aws_cloudwatch_composite_alarm.burn : name => merge(each, { slo = local._burns[name].slo }) }
}
