module "shared_storage" {
  source = "../../modules/shared-storage"

  name            = module.naming.prefix
  vpc_id          = local.foundation.vpc_id
  subnet_ids      = local.foundation.private_subnet_ids
  storage_key_arn = local.foundation.key_arns["storage"]

  client_security_group_ids = {
    workers   = local.foundation.security_group_ids["workers"]
    transfer  = local.foundation.security_group_ids["transfer"]
    functions = local.foundation.security_group_ids["functions"]
  }

  posix                    = local.layout.posix
  directories              = local.layout.directories
  tiers                    = local.layout.tiers
  transfers                = local.layout.transfers
  deletion_protection      = var.deletion_protection
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
