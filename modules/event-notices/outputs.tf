output "rules" {
  description = "Names of the rules, which are the same in both regions."
  value       = sort([for rule in aws_cloudwatch_event_rule.this : rule.name])
}

output "topic_arn" {
  description = "ARN of the topic that is told."
  value       = var.topic_arn
}
