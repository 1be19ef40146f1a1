output "budget_name" {
  description = "Name of the budget."
  value       = aws_budgets_budget.monthly.name
}

output "topic_arn" {
  description = "ARN of the topic that every threshold of the budget tells."
  value       = one(distinct(flatten([for each in aws_budgets_budget.monthly.notification : tolist(each.subscriber_sns_topic_arns)])))
}

output "anomaly_monitor_arn" {
  description = "ARN of the monitor people are told of; null without Cost Explorer."
  value       = var.cost_explorer ? local._monitor_arn : null
}
