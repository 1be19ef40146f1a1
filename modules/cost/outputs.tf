output "budget_name" {
  description = "Name of the budget."
  value       = aws_budgets_budget.monthly.name
}

output "anomaly_monitor_arn" {
  description = "ARN of the monitor people are told of; null without Cost Explorer."
  value       = var.cost_explorer ? local._monitor_arn : null
}
