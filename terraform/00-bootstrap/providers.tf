module "naming" {
  source = "../../modules/naming"

  organisation    = var.organisation
  environment     = var.environment
  region          = var.region
  recovery_region = var.recovery_region
  root            = "00-bootstrap"
}

# Configured with the outputs of naming, not with the variables: a region outside India then stops the plan before any call.
provider "aws" {
  region = module.naming.region

  default_tags {
    tags = module.naming.tags
  }
}

provider "aws" {
  alias  = "recovery"
  region = module.naming.recovery_region

  default_tags {
    tags = module.naming.tags
  }
}
