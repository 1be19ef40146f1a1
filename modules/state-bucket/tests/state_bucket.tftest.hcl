mock_provider "aws" {
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
}

variables {
  name   = "kosha-dev"
  region = "ap-south-1"
}

run "states_are_kept_with_a_key_of_their_own" {
  command = plan

  assert {
    condition     = output.bucket == "kosha-dev-state-ap-south-1"
    error_message = "environments/dev.s3.tfbackend names kosha-dev-state-ap-south-1, not ${output.bucket}"
  }
  assert {
    condition     = aws_kms_key.state.enable_key_rotation && aws_kms_key.state.deletion_window_in_days == 30
    error_message = "the key is rotated and stays 30 days when its deletion is asked for"
  }
  assert {
    condition = toset(flatten([
      for statement in jsondecode(aws_kms_key.state.policy).Statement : statement.Action
      if !can(statement.Condition.StringEquals["kms:ViaService"])
    ])) == toset([for statement in jsondecode(aws_kms_key.state.policy).Statement : statement.Action if statement.Sid == "AdministerByIamPolicy"][0])
    error_message = "the key is used other than through S3"
  }
  assert {
    condition     = aws_kms_alias.this.name == "alias/kosha-dev-state"
    error_message = "the alias is ${aws_kms_alias.this.name}"
  }
}

run "refuses_a_name_that_no_bucket_can_have" {
  command = plan

  variables {
    name = "Kosha_dev"
  }

  expect_failures = [var.name]
}
