module "network" {
  source = "../../modules/network"

  name                     = module.naming.prefix
  region                   = module.naming.region
  vpc_cidr                 = var.vpc_cidr
  nat_mode                 = var.nat_mode
  interface_endpoints      = var.interface_endpoints
  flow_log_retention_days  = var.flow_log_retention_days
  logs_key_arn             = module.keys.key_arns["logs"]
  permissions_boundary_arn = module.guardrails.permissions_boundary_arn
}
