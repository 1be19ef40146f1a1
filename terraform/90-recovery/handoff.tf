# What scripts need of the standby (docs/architecture.md): fields of 10-foundation, 20-storage, 30-cluster and 40-automation by their
# names there, null for what the stage has not. Keys are in the document of 10-foundation.
module "handoff" {
  source    = "../../modules/handoff"
  providers = { aws = aws, aws.recovery = aws }

  path            = module.naming.handoff_path
  in_both_regions = false
  document = jsonencode({
    stage              = var.recovery_stage
    vpc_id             = module.network.vpc_id
    vpc_cidr           = var.recovery_vpc_cidr
    zones              = module.network.zones
    private_subnet_ids = module.network.private_subnet_ids
    security_group_ids = module.network.security_group_ids
    topic_arns         = module.alerts.topic_arns
    registry           = local.foundation.recovery_registry

    lake_bucket       = local.storage.replica_bucket
    reports_bucket    = module.reports.bucket
    code_bucket       = module.code.bucket
    file_system_id    = one([for protection in local.protection[*] : protection.replica_file_system_id])
    access_point_arns = one(module.storage_access[*].access_point_arns)
    workspace_arn     = one(module.storage_access[*].workspace_access_point_arn)
    transfers         = { for name, transfer in module.transfer : name => { task_arn = transfer.task_arn, report_prefix = transfer.report_prefix } }

    cluster_name            = one(module.cluster[*].name)
    instance_profile_name   = one(module.node_provisioning[*].instance_profile_name)
    interruption_queue_name = one(module.node_provisioning[*].interruption_queue_name)
    workload_roles          = { for identity in module.hospital_ingestion : "${identity.service_account.namespace}/${identity.service_account.name}" => identity.role_arn }

    function_arns = one(module.automation[*].function_arns)
  })
}
