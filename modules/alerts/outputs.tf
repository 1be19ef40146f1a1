output "topic_arns" {
  description = "Purpose -> ARN of its topic."
  value       = { for purpose, topic in aws_sns_topic.this : purpose => topic.arn }
}

output "topic_policies" {
  description = "Purpose -> policy of its topic as JSON, for tests and reviews."
  value       = { for purpose, policy in aws_sns_topic_policy.this : purpose => policy.policy }
}
