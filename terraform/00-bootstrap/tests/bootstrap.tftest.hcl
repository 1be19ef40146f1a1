mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "ap-south-1" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:ap-south-1:111122223333:key/0123" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::kosha-dev-state-ap-south-1" }
  }
}

mock_provider "aws" {
  alias           = "recovery"
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "ap-south-2" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:ap-south-2:111122223333:key/0123" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::kosha-dev-state-ap-south-2" }
  }
}

variables {
  organisation    = "kosha"
  environment     = "dev"
  region          = "ap-south-1"
  recovery_region = "ap-south-2"
}

run "each_region_has_a_bucket_for_states" {
  command = plan

  assert {
    condition     = output.state_buckets == { ap-south-1 = "kosha-dev-state-ap-south-1", ap-south-2 = "kosha-dev-state-ap-south-2" }
    error_message = "the buckets are ${jsonencode(output.state_buckets)}"
  }
  assert {
    condition     = length(module.planning) == 0 && output.plan_role_arn == null
    error_message = "Nobody plans from outside until a repository is named."
  }
}

run "a_repository_that_is_named_may_plan" {
  command = plan

  variables {
    planning = { owner = "institution", repository = "kosha" }
  }

  assert {
    condition     = keys(module.planning) == ["github"]
    error_message = "One role, for the repository named."
  }
}
