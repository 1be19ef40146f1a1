# Always there: it costs nothing by itself, its id is what readers' rights and everything else of the standby name, and EC2 need
# not be asked for a network when everybody asks for one. What costs by the hour comes with the stages.
module "network" {
  source = "../../modules/network"

  name                     = local.name
  region                   = module.naming.recovery_region
  vpc_cidr                 = var.recovery_vpc_cidr
  nat_mode                 = local.is_active ? var.nat_mode : "none"
  interface_endpoints      = local.is_lit ? var.interface_endpoints : []
  flow_log_retention_days  = var.flow_log_retention_days
  logs_key_arn             = local.foundation.recovery_key_arns.logs
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
