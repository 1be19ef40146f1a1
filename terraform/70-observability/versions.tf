terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # The bucket and its region come from terraform/environments/<environment>.s3.tfbackend.
  backend "s3" {
    key          = "70-observability/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
