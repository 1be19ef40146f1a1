output "permissions_boundary_arn" {
  description = "ARN of the boundary that every role of the platform has."
  value       = aws_iam_policy.boundary.arn
}

output "permissions_boundary" {
  description = "The boundary as JSON, for tests and reviews."
  value       = aws_iam_policy.boundary.policy
}

output "service_control_policy" {
  description = "The service control policy as JSON, for the management account to attach."
  value       = local.service_control_policy

  precondition {
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
    condition     = length(local.service_control_policy) <= 5120
    error_message = "The service control policy has ${length(local.service_control_policy)} characters; Organizations takes 5,120. Say something shorter in modules/guardrails/service_control_policy.tf."
  }
}
