# What no role of the platform can do, and what nobody in the account can (docs/adr/0028).
module "guardrails" {
  source = "../../modules/guardrails"

  name                   = module.naming.prefix
  permitted_regions      = module.naming.permitted_regions
  deployment_role_arns   = var.deployment_role_arns
  organization_target_id = var.organization_target_id
}
