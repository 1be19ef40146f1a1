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
  mock_resource "aws_efs_file_system" {
    defaults = {
      id  = "fs-1"
      arn = "arn:aws:elasticfilesystem:ap-south-1:111122223333:file-system/fs-1"
    }
  }
  mock_resource "aws_efs_access_point" {
    defaults = { arn = "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-1" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/kosha-test-storage-client" }
  }
}

variables {
  name                = "kosha-test"
  vpc_id              = "vpc-1"
  subnet_ids          = ["subnet-a", "subnet-b", "subnet-c"]
  storage_key_arn     = "arn:aws:kms:ap-south-1:111122223333:key/mrk-1"
  posix               = { uid = 10001, gid = 10002 }
  deletion_protection = true
  client_security_group_ids = {
    workers   = "sg-workers"
    transfer  = "sg-transfer"
    functions = "sg-functions"
  }
  tiers     = { ia_days = 14, archive_days = 60 }
  transfers = { transfer = { directory = "published" }, snapshots = { directory = "critical" } }
  directories = {
    critical  = { mode = "0770" }
    published = { mode = "0770" }
    reference = { mode = "0755" }
    scratch   = { mode = "0770", harmless_to_lose = true, cleaned = true }
  }
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

run "the_file_system_is_encrypted_elastic_and_ages" {
  command = plan

  assert {
    condition     = aws_efs_file_system.this.encrypted && aws_efs_file_system.this.kms_key_id == var.storage_key_arn
    error_message = "must be encrypted with the storage key"
  }
  assert {
    condition     = aws_efs_file_system.this.throughput_mode == "elastic"
    error_message = "throughput must be elastic"
  }
  assert {
    condition = (
      aws_efs_file_system.this.lifecycle_policy[0].transition_to_ia == "AFTER_14_DAYS" &&
      aws_efs_file_system.this.lifecycle_policy[1].transition_to_archive == "AFTER_60_DAYS" &&
      aws_efs_file_system.this.lifecycle_policy[2].transition_to_primary_storage_class == "AFTER_1_ACCESS"
    )
    error_message = "files must age to IA and Archive and come back on first access"
  }
  assert {
    condition     = aws_efs_file_system.this.protection[0].replication_overwrite == "ENABLED"
    error_message = "overwrite protection must be on"
  }
}

run "without_protection_nothing_stands_in_the_way_of_destroy" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = length(terraform_data.deletion_protection) == 0
    error_message = "an unprotected file system must be deletable"
  }
}

run "with_protection_the_guard_exists" {
  command = plan

  assert {
    condition     = length(terraform_data.deletion_protection) == 1
    error_message = "a protected file system needs the guard"
  }
}

run "refuses_a_key_alias" {
  command = plan

  variables {
    storage_key_arn = "alias/aws/elasticfilesystem"
  }

  expect_failures = [var.storage_key_arn]
}

run "hands_on_who_may_mount" {
  command = plan

  assert {
    condition     = keys(output.access_point_arns) == ["critical", "published", "reference", "scratch"] && keys(output.client_role_arns) == ["scratch_cleaner_scratch", "snapshots", "transfer", "workers"]
    error_message = "the outputs are keyed by directory and client"
  }
}

run "refuses_to_archive_before_infrequent_access" {
  command = plan
  variables {
    tiers = { ia_days = 90, archive_days = 30 }
  }

  expect_failures = [var.tiers]
}
