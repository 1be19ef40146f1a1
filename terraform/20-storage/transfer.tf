# One task for each transfer of the catalogue. The starter (40-automation) starts them at their times.
module "transfer" {
  source   = "../../modules/transfer"
  for_each = local.layout.transfers

  name               = module.naming.prefix
  task               = each.key
  lake_prefix        = each.value.lake_prefix
  lake_bucket_arn    = module.data_lake.lake_bucket_arn
  reports_bucket_arn = module.data_lake.reports_bucket_arn
  lake_key_arn       = local.foundation.key_arns["lake"]
  logs_key_arn       = local.foundation.key_arns["logs"]
  in_flight_patterns = local.layout.in_flight

  source_location = {
    file_system_arn  = module.shared_storage.file_system_arn
    access_point_arn = module.shared_storage.access_point_arns[each.value.directory]
    role_arn         = module.shared_storage.client_role_arns[each.key]
  }

  # Any zone will do: DataSync needs one, and the file system has a mount target in each.
  network = {
    subnet_id         = local.foundation.private_subnet_ids[0]
    security_group_id = local.foundation.security_group_ids["transfer"]
  }

  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
