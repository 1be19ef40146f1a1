# What later roots need of this one (docs/architecture.md).
module "handoff" {
  source    = "../../modules/handoff"
  providers = { aws = aws, aws.recovery = aws.recovery }

  path = module.naming.handoff_path
  document = jsonencode({
    cluster_name    = module.cluster.name
    cluster_arn     = module.cluster.arn
    node_role_arn   = module.cluster.node_role_arn
    log_group_names = module.cluster.log_group_names
  })
}
