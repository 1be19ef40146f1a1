mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_resource "aws_ecr_repository" {
    defaults = { repository_url = "123456789012.dkr.ecr.ap-south-1.amazonaws.com/kosha-dev/fast" }
  }
}

mock_provider "aws" {
  alias = "recovery"

  mock_resource "aws_ecr_repository" {
    defaults = { repository_url = "123456789012.dkr.ecr.ap-south-2.amazonaws.com/kosha-dev/fast" }
  }
}

variables {
  name             = "kosha-dev"
  images           = ["fast", "ingest"]
  recovery_region  = "ap-south-2"
  key_arn          = "arn:aws:kms:ap-south-1:123456789012:key/mrk-1"
  recovery_key_arn = "arn:aws:kms:ap-south-2:123456789012:key/mrk-1"
}

run "a_tag_is_one_image_in_both_regions_with_our_key" {
  providers = { aws = aws, aws.recovery = aws.recovery }

  assert {
    condition     = join(",", [for each in aws_ecr_repository.this : each.name]) == "kosha-dev/fast,kosha-dev/ingest" && join(",", [for each in aws_ecr_repository.recovery : each.name]) == "kosha-dev/fast,kosha-dev/ingest"
    error_message = "each image has a repository in each region"
  }

  assert {
    condition     = alltrue([for each in concat(values(aws_ecr_repository.this), values(aws_ecr_repository.recovery)) : each.image_tag_mutability == "IMMUTABLE" && each.image_scanning_configuration[0].scan_on_push && !each.force_delete])
    error_message = "tags are immutable, images scanned, repositories protected"
  }

  assert {
    condition     = alltrue([for each in aws_ecr_repository.this : each.encryption_configuration[0].kms_key == var.key_arn]) && alltrue([for each in aws_ecr_repository.recovery : each.encryption_configuration[0].kms_key == var.recovery_key_arn])
    error_message = "each region encrypts with its own replica of the key"
  }

  assert {
    condition     = alltrue([for each in concat(values(aws_ecr_lifecycle_policy.this), values(aws_ecr_lifecycle_policy.recovery)) : [for rule in jsondecode(each.policy).rules : rule.selection.tagStatus] == ["untagged"]])
    error_message = "images with a tag stay"
  }

  assert {
    condition     = aws_ecr_replication_configuration.this.replication_configuration[0].rule[0].destination[0].region == "ap-south-2" && aws_ecr_replication_configuration.this.replication_configuration[0].rule[0].repository_filter[0].filter == "kosha-dev/"
    error_message = "our repositories, and only ours, are copied to the recovery region"
  }

  assert {
    condition     = output.registry == "123456789012.dkr.ecr.ap-south-1.amazonaws.com/kosha-dev" && output.recovery_registry == "123456789012.dkr.ecr.ap-south-2.amazonaws.com/kosha-dev"
    error_message = "the registry is what comes before an image's name"
  }
}

run "without_protection_images_go_with_their_repository" {
  command   = plan
  providers = { aws = aws, aws.recovery = aws.recovery }

  variables {
    deletion_protection = false
  }

  assert {
    condition     = alltrue([for each in concat(values(aws_ecr_repository.this), values(aws_ecr_repository.recovery)) : each.force_delete])
    error_message = "without deletion_protection a destroy takes the images along"
  }
}

run "refuses_what_is_no_name_no_image_and_no_key" {
  command   = plan
  providers = { aws = aws, aws.recovery = aws.recovery }

  variables {
    name             = "Kosha"
    images           = []
    key_arn          = "alias/kosha"
    recovery_key_arn = "mrk-1"
  }

  expect_failures = [var.name, var.images, var.key_arn, var.recovery_key_arn]
}
