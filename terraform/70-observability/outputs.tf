output "handoff_path" {
  description = "Name of the SSM parameter that holds the handoff, in both regions."
  value       = module.handoff.path
}
