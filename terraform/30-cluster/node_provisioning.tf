module "node_provisioning" {
  source = "../../modules/node-provisioning"

  cluster_name             = module.cluster.name
  cluster_arn              = module.cluster.arn
  node_role_arn            = module.cluster.node_role_arn
  key_arns                 = local.foundation.key_arns
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
