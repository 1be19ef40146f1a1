output "file_system_id" {
  description = "Id of the replica, known once it has its policy and is replicated to."
  value       = aws_efs_file_system.replica.id

  depends_on = [aws_efs_file_system_policy.replica, aws_efs_replication_configuration.this]
}

output "file_system_arn" {
  description = "ARN of the replica."
  value       = aws_efs_file_system.replica.arn

  depends_on = [aws_efs_file_system_policy.replica, aws_efs_replication_configuration.this]
}

output "policy" {
  description = "The replica's policy as JSON."
  value       = aws_efs_file_system_policy.replica.policy
}

output "notice_rules" {
  description = "What modules/event-notices is to wait for and tell."
  value       = local.notice_rules
}
