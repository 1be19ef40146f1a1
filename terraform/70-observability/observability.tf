locals {
  functions = sort([for arn in values(local.automation.function_arns) : split(":function:", arn)[1]])

  # What the catalogues call ${...}.
  names = {
    file_system_id   = local.storage.file_system_id
    lake_bucket      = local.storage.lake_bucket
    replica_bucket   = local.storage.replica_bucket
    replication_rule = local.storage.replication_rule
    transfer_task_id = local.transfer_task_ids.transfer
    cluster_name     = local.cluster.cluster_name
  }

  transfer_task_ids = { for name, transfer in local.storage.transfers : name => split("/", transfer.task_arn)[1] }

  catalog = "${path.module}/../../catalog"
  alarms  = yamldecode(templatefile("${local.catalog}/alarms.yaml", local.names))
}

module "observability" {
  source = "../../modules/observability"

  providers = {
    aws          = aws
    aws.recovery = aws.recovery
  }

  name            = module.naming.prefix
  alarm_topic_arn = local.foundation.topic_arns["platform"]
  alarms          = local.alarms.alarms
  composites      = local.alarms.composites
  slos            = yamldecode(templatefile("${local.catalog}/slos.yaml", local.names)).slos
  log_queries     = yamldecode(file("${local.catalog}/log-queries.yaml")).queries

  log_groups = merge(
    { for kind, group in local.cluster.log_group_names : kind => [group] },
    {
      # Named by their modules; these roots hand on what is used beyond reading.
      flow      = ["${module.naming.prefix}-flow-logs"]
      functions = [for function in local.functions : "/aws/lambda/${function}"]
      transfer  = [for name in keys(local.storage.transfers) : "/aws/datasync/${module.naming.prefix}-${name}"]
    },
  )

  watched = merge(local.names, {
    region            = module.naming.region
    recovery_region   = module.naming.recovery_region
    access_points     = length(local.storage.access_point_arns) + 1 # and the one of all directories
    transfer_task_ids = local.transfer_task_ids
    functions         = local.functions

    replica_file_system_id = local.protection.replica_file_system_id
    vault_name             = local.protection.vault_name
    recovery_vault_name    = local.protection.recovery_vault_name
  })
}

module "notices" {
  source = "../../modules/event-notices"

  providers = {
    aws          = aws
    aws.recovery = aws.recovery
  }

  name                     = "${module.naming.prefix}-observability"
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
  topic_arn                = local.foundation.topic_arns["platform"]
  rules                    = {}
  recovery_alarm_arns      = module.observability.recovery_alarm_arns
}
