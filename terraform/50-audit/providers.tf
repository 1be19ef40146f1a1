module "naming" {
  source = "../../modules/naming"

  organisation    = var.organisation
  environment     = var.environment
  region          = var.region
  recovery_region = var.recovery_region
  root            = "50-audit"
}

provider "aws" {
  region = module.naming.region

  default_tags {
    tags = module.naming.tags
  }
}

# The detectors and the handoff there.
provider "aws" {
  alias  = "recovery"
  region = module.naming.recovery_region

  default_tags {
    tags = module.naming.tags
  }
}
