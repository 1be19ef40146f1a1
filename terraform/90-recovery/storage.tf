# Access to the replica of the shared storage. It is read-only as long as it is replicated to (60-protection); mount targets
# and access points are its own from the first day. The directories of the access points come with the files. Its policy is that of 60-protection.
module "storage_access" {
  source = "../../modules/storage-access"
  count  = local.is_lit ? 1 : 0

  name                      = local.name
  file_system               = { id = local.protection.replica_file_system_id, arn = local.protection.replica_file_system_arn }
  vpc_id                    = module.network.vpc_id
  subnet_ids                = module.network.private_subnet_ids
  client_security_group_ids = module.network.security_group_ids
  posix                     = local.layout.posix
  directories               = local.layout.directories
  transfers                 = local.layout.transfers
  policy_enabled            = false
  deletion_protection       = var.deletion_protection
  permissions_boundary_arn  = local.foundation.permissions_boundary_arn
}

# Nobody starts them before the standby is active. Then the replica of the shared storage feeds the replica of the lake.
module "transfer" {
  source   = "../../modules/transfer"
  for_each = { for name, transfer in local.layout.transfers : name => transfer if local.is_lit }

  name               = local.name
  task               = each.key
  lake_prefix        = each.value.lake_prefix
  lake_bucket_arn    = local.storage.replica_bucket_arn
  reports_bucket_arn = module.reports.arn
  lake_key_arn       = local.foundation.recovery_key_arns.lake
  logs_key_arn       = local.foundation.recovery_key_arns.logs
  in_flight_patterns = local.layout.in_flight

  source_location = {
    file_system_arn  = module.storage_access[0].file_system_arn
    access_point_arn = module.storage_access[0].access_point_arns[each.value.directory]
    role_arn         = module.storage_access[0].client_role_arns[each.key]
  }

  # Any zone will do: DataSync needs one, and the file system has a mount target in each.
  network = {
    subnet_id         = module.network.private_subnet_ids[0]
    security_group_id = module.network.security_group_ids["transfer"]
  }

  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
