output "state_buckets" {
  description = "Region -> bucket of the states."
  value = {
    (module.naming.region)          = module.state.bucket
    (module.naming.recovery_region) = module.recovery_state.bucket
  }
}
