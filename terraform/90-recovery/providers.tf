module "naming" {
  source = "../../modules/naming"

  organisation    = var.organisation
  environment     = var.environment
  region          = var.region
  recovery_region = var.recovery_region
  root            = "90-recovery"
}

# The only provider: nothing here may need the primary region, which is gone when this is needed (docs/adr/0033).
provider "aws" {
  region = module.naming.recovery_region

  default_tags {
    tags = module.naming.tags
  }
}
