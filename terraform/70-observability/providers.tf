module "naming" {
  source = "../../modules/naming"

  organisation    = var.organisation
  environment     = var.environment
  region          = var.region
  recovery_region = var.recovery_region
  root            = "70-observability"
}

provider "aws" {
  region = module.naming.region

  default_tags {
    tags = module.naming.tags
  }
}

# The requests to the replica, and the handoff there.
provider "aws" {
  alias  = "recovery"
  region = module.naming.recovery_region

  default_tags {
    tags = module.naming.tags
  }
}
