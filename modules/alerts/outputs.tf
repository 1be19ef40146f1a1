output "topic_arns" {
  description = "Purpose -> ARN of its topic."
  value       = { for purpose, topic in aws_sns_topic.this : purpose => topic.arn }
}
