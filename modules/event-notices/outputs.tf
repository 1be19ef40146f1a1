output "rules" {
  description = "Name of a rule -> its event pattern as JSON, the same in both regions."
  value       = { for rule in aws_cloudwatch_event_rule.this : rule.name => rule.event_pattern }
}

output "topic_arn" {
  description = "ARN of the topic that is told."
  value       = var.topic_arn
}
