output "handoff_path" {
  description = "Name of the SSM parameter that holds the handoff, in both regions."
  value       = module.handoff.path
}

output "service_control_policy" {
  description = "What the organisation's management account attaches to this account (modules/guardrails/README.md)."
  value       = module.guardrails.service_control_policy
}

output "nat_public_ips" {
  description = "Addresses under which the platform appears on the internet, for allow-lists of hospitals and archives."
  value       = module.network.nat_public_ips
}
