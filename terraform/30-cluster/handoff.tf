# What later roots need of this one (docs/architecture.md).
module "handoff" {
  source    = "../../modules/handoff"
  providers = { aws = aws, aws.recovery = aws.recovery }

  path = module.naming.handoff_path
  document = jsonencode({
    cluster_name            = module.cluster.name
    cluster_arn             = module.cluster.arn
    node_role_arn           = module.cluster.node_role_arn
    instance_profile_name   = module.node_provisioning.instance_profile_name
    interruption_queue_name = module.node_provisioning.interruption_queue_name
    log_group_names         = module.cluster.log_group_names
    # The service accounts of kubernetes/ that have a role, and the roles.
    workload_roles = { for identity in [module.hospital_ingestion] : "${identity.service_account.namespace}/${identity.service_account.name}" => identity.role_arn }
  })
}
