# A control plane takes a quarter of an hour to make, nodes minutes: so it waits without nodes.
module "cluster" {
  source = "../../modules/cluster"
  count  = local.is_lit ? 1 : 0

  name                     = local.name
  kubernetes_version       = var.cluster_version
  subnet_ids               = module.network.private_subnet_ids
  worker_security_group_id = module.network.security_group_ids["workers"]
  shared_storage_role_arn  = module.storage_access[0].client_role_arns["workers"]
  key_arns                 = local.foundation.recovery_key_arns
  public_access_cidrs      = var.cluster_public_access_cidrs
  access_entries           = var.cluster_access_entries
  nodes                    = var.cluster_nodes
  nodes_enabled            = local.is_active
  addon_versions           = var.cluster_addon_versions
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}

module "hospital_ingestion" {
  source = "../../modules/hospital-ingestion"
  count  = local.is_lit ? 1 : 0

  cluster_name             = module.cluster[0].name
  cluster_arn              = module.cluster[0].arn
  lake_bucket_arn          = local.storage.replica_bucket_arn
  lake_key_arn             = local.foundation.recovery_key_arns.lake
  secrets_prefix           = module.naming.prefix
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}

# Before there are nodes, too: it is free, and no role need be made when the standby becomes active.
module "node_provisioning" {
  source = "../../modules/node-provisioning"
  count  = local.is_lit ? 1 : 0

  cluster_name             = module.cluster[0].name
  cluster_arn              = module.cluster[0].arn
  node_role_arn            = module.cluster[0].node_role_arn
  key_arns                 = local.foundation.recovery_key_arns
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
