output "file_system_arn" {
  description = "ARN of the file system, known once it has its policy and a mount target in every zone: a DataSync location or a function made earlier fails."
  value       = var.file_system.arn

  depends_on = [aws_efs_file_system_policy.this, aws_efs_mount_target.this]
}

output "access_point_arns" {
  description = "Directory -> ARN of its access point, usable once there is a mount target in every zone."
  value       = { for name, access_point in aws_efs_access_point.this : name => access_point.arn }

  depends_on = [aws_efs_file_system_policy.this, aws_efs_mount_target.this]
}

output "workspace_access_point_arn" {
  description = "ARN of the access point that shows all directories as one, for the workflow; usable once there is a mount target in every zone."
  value       = aws_efs_access_point.workspace.arn

  depends_on = [aws_efs_file_system_policy.this, aws_efs_mount_target.this]
}

output "client_role_arns" {
  description = "Client (workers, transfer, scratch_cleaner_<directory>) -> ARN of the role it mounts with."
  # Made from the parts: what is made together with the roles asks beforehand whether there is one.
  value = { for client, role in aws_iam_role.client : client => "arn:${local.partition}:iam::${local.account}:role/${role.name}" }

  depends_on = [aws_iam_role_policy.client]
}

output "security_group_id" {
  description = "Security group of the mount targets."
  value       = aws_security_group.mount_targets.id
}

output "policy" {
  description = "The file system's policy as JSON; null where it is not made here."
  value       = one(aws_efs_file_system_policy.this[*].policy)
}
