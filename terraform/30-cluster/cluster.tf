module "cluster" {
  source = "../../modules/cluster"

  name                     = module.naming.prefix
  kubernetes_version       = var.cluster_version
  subnet_ids               = local.foundation.private_subnet_ids
  worker_security_group_id = local.foundation.security_group_ids.workers
  shared_storage_role_arn  = local.storage.client_role_arns.workers
  key_arns                 = local.foundation.key_arns
  public_access_cidrs      = var.cluster_public_access_cidrs
  access_entries           = var.cluster_access_entries
  nodes                    = var.cluster_nodes
  addon_versions           = var.cluster_addon_versions
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
