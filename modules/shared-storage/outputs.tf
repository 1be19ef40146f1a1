output "file_system_id" {
  description = "Id of the file system."
  value       = aws_efs_file_system.this.id
}

output "file_system_arn" {
  description = "ARN of the file system, known once it has its policy and a mount target in every zone: a DataSync location or a function made earlier fails."
  value       = module.access.file_system_arn
}

output "access_point_arns" {
  description = "Directory -> ARN of its access point, usable once there is a mount target in every zone."
  value       = module.access.access_point_arns
}

output "workspace_access_point_arn" {
  description = "ARN of the access point that shows all directories as one, for the workflow; usable once there is a mount target in every zone."
  value       = module.access.workspace_access_point_arn
}

output "client_role_arns" {
  description = "Client (workers, <transfer>, scratch_cleaner_<directory>) -> ARN of the role it mounts with."
  value       = module.access.client_role_arns
}

output "security_group_id" {
  description = "Security group of the mount targets."
  value       = module.access.security_group_id
}
