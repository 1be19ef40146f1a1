# A result names the image it was made with, so a tag is never another image tomorrow, and images that have a tag stay.
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html

data "aws_caller_identity" "current" {}

locals {
  _lifecycle = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "What no tag points to: pushes that were broken off."
      selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 14 }
      action       = { type = "expire" }
    }]
  })
}

resource "aws_ecr_repository" "this" {
  for_each = var.images

  name                 = "${var.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.deletion_protection

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.key_arn
  }

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  for_each = var.images

  repository = aws_ecr_repository.this[each.key].name
  policy     = local._lifecycle
}

# Made here, because replication would make them without our key, our lifecycle and immutable tags.
resource "aws_ecr_repository" "recovery" {
  for_each = var.images
  provider = aws.recovery

  name                 = "${var.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.deletion_protection

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.recovery_key_arn
  }

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "recovery" {
  for_each = var.images
  provider = aws.recovery

  repository = aws_ecr_repository.recovery[each.key].name
  policy     = local._lifecycle
}

# A setting of the account in a region: an environment has an account to itself (docs/adr/0005). Only images pushed after it
# was made are copied: https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html
resource "aws_ecr_replication_configuration" "this" {
  replication_configuration {
    rule {
      destination {
        region      = var.recovery_region
        registry_id = data.aws_caller_identity.current.account_id
      }

      repository_filter {
        filter      = "${var.name}/"
        filter_type = "PREFIX_MATCH"
      }
    }
  }

  depends_on = [aws_ecr_repository.recovery]
}
