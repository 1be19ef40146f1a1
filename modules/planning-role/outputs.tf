output "role_arn" {
  description = "ARN of the role, for the variable PLAN_ROLE_ARN of the repository."
  value       = aws_iam_role.this.arn
}
