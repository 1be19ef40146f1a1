terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # The bucket, that of the recovery region, comes from terraform/environments/<environment>.recovery.s3.tfbackend.
  backend "s3" {
    key          = "90-recovery/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
