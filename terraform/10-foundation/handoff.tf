# What later roots need of this one (docs/architecture.md).
module "handoff" {
  source    = "../../modules/handoff"
  providers = { aws = aws, aws.recovery = aws.recovery }

  path = module.naming.handoff_path
  document = jsonencode({
    vpc_id                   = module.network.vpc_id
    vpc_cidr                 = var.vpc_cidr
    zones                    = module.network.zones
    private_subnet_ids       = module.network.private_subnet_ids
    security_group_ids       = module.network.security_group_ids
    key_arns                 = module.keys.key_arns
    recovery_key_arns        = module.keys.recovery_key_arns
    topic_arns               = module.alerts.topic_arns
    registry                 = module.registry.registry
    recovery_registry        = module.registry.recovery_registry
    permissions_boundary_arn = module.guardrails.permissions_boundary_arn
  })
}
