output "handoff_path" {
  description = "Name of the SSM parameter that holds the handoff, in the recovery region alone."
  value       = module.handoff.path
}

output "nat_public_ips" {
  description = "Addresses under which the active standby appears on the internet, for allow-lists of hospitals and archives."
  value       = module.network.nat_public_ips
}
