output "prefix" {
  description = "What every name begins with: <organisation>-<environment>. Modules take it as `name`."
  value       = local.prefix
}

output "tags" {
  description = "Tags for the default_tags of the root's providers."
  value       = local.tags
}

output "region" {
  description = "The primary region, validated. Configure the provider `aws` with it, so that no call is made to a region that is not permitted."
  value       = var.region
}

output "recovery_region" {
  description = "The recovery region, validated. Configure the provider `aws.recovery` with it."
  value       = var.recovery_region
}

output "permitted_regions" {
  description = "Every region of catalog/residency.yaml, sorted."
  value       = local.permitted_regions
}

output "handoff_path" {
  description = "Name of the SSM parameter in which this root publishes its handoff."
  value       = local.handoff_paths[var.root]
}

output "handoff_paths" {
  description = "Root -> name of the SSM parameter in which that root publishes its handoff."
  value       = local.handoff_paths
}
