output "state_buckets" {
  description = "Region -> bucket of the states."
  value = {
    (module.naming.region)          = module.state.bucket
    (module.naming.recovery_region) = module.recovery_state.bucket
  }
}

output "plan_role_arn" {
  description = "ARN of the role in which workflows plan; null where no repository is named."
  value       = one([for role in module.planning : role.role_arn])
}
