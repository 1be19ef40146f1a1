terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Bucket and region come from terraform/environments/<environment>.s3.tfbackend.
  backend "s3" {
    key          = "00-bootstrap/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
