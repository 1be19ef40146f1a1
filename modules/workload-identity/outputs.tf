output "role_arn" {
  description = "ARN of the role, known when its rights and its association are there: pods that need it may start."
  value       = aws_iam_role.this.arn

  depends_on = [aws_eks_pod_identity_association.this]
}

output "service_account" {
  description = "The service account that gets the role: namespace and name."
  value       = var.service_account
}

output "policy" {
  description = "What the workload may do, in JSON."
  value       = var.policy
}

output "managed_policies" {
  description = "Names of the AWS managed policies it has besides."
  value       = var.managed_policies
}
