module "naming" {
  source = "../../modules/naming"

  organisation    = var.organisation
  environment     = var.environment
  region          = var.region
  recovery_region = var.recovery_region
  root            = "30-cluster"
}

provider "aws" {
  region = module.naming.region

  default_tags {
    tags = module.naming.tags
  }
}

# Only the handoff goes there.
provider "aws" {
  alias  = "recovery"
  region = module.naming.recovery_region

  default_tags {
    tags = module.naming.tags
  }
}
