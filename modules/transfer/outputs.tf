output "task_arn" {
  description = "ARN of the DataSync task."
  value       = aws_datasync_task.this.arn
}

output "report_prefix" {
  description = "Folder in the reports bucket that the task reports lie below, without a slash at the end."
  value       = var.task
}

output "lake_role_arn" {
  description = "ARN of the role DataSync writes to the lake with; it reads back untagged objects, so the lake must exempt it."
  value       = aws_iam_role.lake.arn
}

output "log_group_name" {
  description = "Name of the log group with one line for each file transferred."
  value       = aws_cloudwatch_log_group.this.name
}
