output "key_arns" {
  description = "Purpose -> ARN of the key in the primary region."
  value       = { for purpose, key in aws_kms_key.this : purpose => key.arn }
}

output "recovery_key_arns" {
  description = "Purpose -> ARN of the replica key in the recovery region."
  value       = { for purpose, key in aws_kms_replica_key.recovery : purpose => key.arn }
}
