# Once for an account, by make bootstrap: where all other roots keep their states. The recovery region has a bucket of its own,
# so that what is built there after the loss of the primary needs nothing from it.

module "state" {
  source = "../../modules/state-bucket"

  name                = module.naming.prefix
  region              = module.naming.region
  deletion_protection = var.deletion_protection
}

module "recovery_state" {
  source    = "../../modules/state-bucket"
  providers = { aws = aws.recovery }

  name                = module.naming.prefix
  region              = module.naming.recovery_region
  deletion_protection = var.deletion_protection
}
