# What later roots need of this one (docs/architecture.md).
module "handoff" {
  source    = "../../modules/handoff"
  providers = { aws = aws, aws.recovery = aws.recovery }

  path = module.naming.handoff_path
  document = jsonencode({
    file_system_id              = module.shared_storage.file_system_id
    file_system_arn             = module.shared_storage.file_system_arn
    access_point_arns           = module.shared_storage.access_point_arns
    workspace_arn               = module.shared_storage.workspace_access_point_arn
    client_role_arns            = module.shared_storage.client_role_arns
    access_logs_bucket          = module.data_lake.access_logs_buckets.primary
    recovery_access_logs_bucket = module.data_lake.access_logs_buckets.recovery
    code_bucket                 = module.code.bucket
    lake_bucket                 = module.data_lake.lake_bucket
    lake_bucket_arn             = module.data_lake.lake_bucket_arn
    replica_bucket              = module.data_lake.replica_bucket
    replica_bucket_arn          = module.data_lake.replica_bucket_arn
    reports_bucket              = module.data_lake.reports_bucket
    reports_bucket_arn          = module.data_lake.reports_bucket_arn
    replication_rule            = module.data_lake.replication_rule
    replication                 = module.data_lake.replication
    transfers = {
      for name, transfer in local.layout.transfers : name => {
        task_arn      = module.transfer[name].task_arn
        report_prefix = module.transfer[name].report_prefix
        directory     = transfer.directory
        lake_prefix   = transfer.lake_prefix
        every_minutes = transfer.every_minutes
      }
    }
  })
}
