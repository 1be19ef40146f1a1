mock_provider "aws" {
  override_during = plan
}

mock_provider "aws" {
  alias           = "recovery"
  override_during = plan

  mock_data "aws_region" {
    defaults = { name = "ap-south-2" }
  }
  mock_resource "aws_efs_file_system" {
    defaults = {
      id  = "fs-0fedcba9876543210"
      arn = "arn:aws:elasticfilesystem:ap-south-2:111122223333:file-system/fs-0fedcba9876543210"
    }
  }
}

variables {
  name                = "kosha-test"
  file_system_id      = "fs-0123456789abcdef0"
  storage_key_arn     = "arn:aws:kms:ap-south-2:111122223333:key/mrk-storage"
  tiers               = { ia_days = 14, archive_days = 60 }
  deletion_protection = true
}

run "the_shared_storage_is_replicated_to_a_file_system_of_ours" {
  command = plan

  assert {
    condition = (
      aws_efs_replication_configuration.this.source_file_system_id == var.file_system_id &&
      aws_efs_replication_configuration.this.destination[0].file_system_id == "fs-0fedcba9876543210" &&
      aws_efs_replication_configuration.this.destination[0].region == "ap-south-2"
    )
    error_message = "the shared storage must be replicated to the replica in the recovery region"
  }
  assert {
    condition     = aws_efs_file_system.replica.encrypted && aws_efs_file_system.replica.kms_key_id == var.storage_key_arn && aws_efs_file_system.replica.throughput_mode == "elastic"
    error_message = "the replica must be encrypted with the key of its region, and as fast as the primary"
  }
  assert {
    condition = (
      aws_efs_file_system.replica.lifecycle_policy[0].transition_to_ia == "AFTER_14_DAYS" &&
      aws_efs_file_system.replica.lifecycle_policy[1].transition_to_archive == "AFTER_60_DAYS" &&
      aws_efs_file_system.replica.lifecycle_policy[2].transition_to_primary_storage_class == "AFTER_1_ACCESS"
    )
    error_message = "files of the replica must age as those of the primary"
  }
  assert {
    condition     = aws_efs_file_system.replica.protection[0].replication_overwrite == "DISABLED"
    error_message = "EFS does not replicate to a file system that may not be overwritten"
  }
}

run "the_replica_refuses_what_the_primary_refuses_and_admits_nobody" {
  command = plan

  assert {
    condition     = [for statement in jsondecode(output.policy).Statement : statement.Sid] == ["DenyWithoutTls", "DenyWithoutAccessPoint", "DenyRoot", "DenyDeletion"]
    error_message = "the statements differ: ${output.policy}"
  }
  assert {
    condition = alltrue([for statement in jsondecode(output.policy).Statement :
      statement.Effect == "Deny" && statement.Principal == { AWS = "*" } && statement.Resource == "arn:aws:elasticfilesystem:ap-south-2:111122223333:file-system/fs-0fedcba9876543210"
    ])
    error_message = "the policy admits somebody, or is about something else"
  }
  assert {
    condition     = jsondecode(output.policy).Statement[1].Condition == { Null = { "elasticfilesystem:AccessPointArn" = "true" } }
    error_message = "the root of the replica could be mounted"
  }
}

run "with_protection_the_guard_exists" {
  command = plan

  assert {
    condition     = length(terraform_data.deletion_protection) == 1
    error_message = "Terraform must refuse to delete the replica"
  }
}

run "what_is_disposable_can_be_deleted" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = length(terraform_data.deletion_protection) == 0 && !strcontains(output.policy, "DenyDeletion")
    error_message = "without deletion_protection the replica must go"
  }
}

run "the_end_of_the_replication_is_told" {
  command = plan

  assert {
    condition     = jsondecode(output.notice_rules.replication-guards.pattern).detail.eventName == ["DeleteReplicationConfiguration"]
    error_message = "whoever takes the replication away is not told of"
  }
}

run "refuses_a_name_that_is_no_prefix" {
  command = plan

  variables {
    name = "kosha"
  }

  expect_failures = [var.name]
}

run "refuses_a_file_system_that_is_none" {
  command = plan

  variables {
    file_system_id = "shared-storage"
  }

  expect_failures = [var.file_system_id]
}

run "refuses_a_key_alias" {
  command = plan

  variables {
    storage_key_arn = "alias/kosha-test-storage"
  }

  expect_failures = [var.storage_key_arn]
}

run "refuses_to_archive_before_infrequent_access" {
  command = plan
  variables {
    tiers = { ia_days = 90, archive_days = 30 }
  }

  expect_failures = [var.tiers]
}
