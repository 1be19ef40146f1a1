output "policies" {
  description = "Duty -> what it may do, as a policy in JSON."
  value       = local.policies
}

output "role_arns" {
  description = "Duty -> ARN of its role; empty as long as nobody is trusted."
  value       = { for duty, role in aws_iam_role.reader : duty => role.arn }
}
