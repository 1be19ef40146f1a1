output "role_arn" {
  description = "ARN of the role, known when its rights and its association are there."
  value       = module.identity.role_arn
}

output "service_account" {
  description = "The service account that gets the role: namespace and name."
  value       = module.identity.service_account
}

output "policy" {
  description = "What the hospital's ingestion may do, in JSON."
  value       = module.identity.policy
}
