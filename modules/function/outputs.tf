output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}

output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "role_arn" {
  description = "ARN of the role the function runs as."
  value       = local.role_arn
}

output "dead_letter_queue_arn" {
  description = "ARN of the queue that holds events the function gave up on."
  value       = aws_sqs_queue.dead_letter.arn
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "reserved_concurrency" {
  description = "How many of the function run at once, at most."
  value       = aws_lambda_function.this.reserved_concurrent_executions
}

output "permissions_policy" {
  description = "The policy made of the permissions, as JSON."
  value       = aws_iam_role_policy.permissions.policy
}

output "environment" {
  description = "The environment variables the function is given."
  value       = aws_lambda_function.this.environment[0].variables
}

output "schedule_states" {
  description = "Schedule -> ENABLED or DISABLED."
  value       = { for name, schedule in aws_scheduler_schedule.this : name => schedule.state }
}
