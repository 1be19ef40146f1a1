# The protection root joins what foundation and storage publish with the catalogue, and publishes its own.

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
  override_data {
    target = data.aws_ssm_parameter.foundation
    values = {
      insecure_value = <<-JSON
        {
          "key_arns": {
            "backup": "arn:aws:kms:ap-south-1:111122223333:key/backup",
            "lake": "arn:aws:kms:ap-south-1:111122223333:key/lake",
            "storage": "arn:aws:kms:ap-south-1:111122223333:key/storage",
            "volumes": "arn:aws:kms:ap-south-1:111122223333:key/volumes"
          },
          "recovery_key_arns": {
            "backup": "arn:aws:kms:ap-south-2:111122223333:key/backup",
            "lake": "arn:aws:kms:ap-south-2:111122223333:key/lake",
            "storage": "arn:aws:kms:ap-south-2:111122223333:key/storage",
            "volumes": "arn:aws:kms:ap-south-2:111122223333:key/volumes"
          },
          "permissions_boundary_arn": "arn:aws:iam::111122223333:policy/kosha-test-boundary",
          "topic_arns": {
            "transfer": "arn:aws:sns:ap-south-1:111122223333:kosha-test-transfer",
            "data": "arn:aws:sns:ap-south-1:111122223333:kosha-test-data",
            "platform": "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform"
          }
        }
      JSON
    }
  }
  override_data {
    target = data.aws_ssm_parameter.storage
    values = {
      insecure_value = <<-JSON
        {
          "file_system_id": "fs-0123456789abcdef0",
          "file_system_arn": "arn:aws:elasticfilesystem:ap-south-1:111122223333:file-system/fs-0123456789abcdef0",
          "lake_bucket": "kosha-test-lake-ap-south-1",
          "replica_bucket": "kosha-test-lake-ap-south-2",
          "replication_rule": "everything"
        }
      JSON
    }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/made-here" }
  }
  mock_resource "aws_backup_vault" {
    defaults = { arn = "arn:aws:backup:ap-south-1:111122223333:backup-vault:made-here" }
  }
}

mock_provider "aws" {
  alias = "recovery"
  mock_data "aws_region" {
    defaults = { name = "ap-south-2" }
  }
  mock_resource "aws_backup_vault" {
    defaults = { arn = "arn:aws:backup:ap-south-2:111122223333:backup-vault:made-here" }
  }
  mock_resource "aws_efs_file_system" {
    defaults = {
      id  = "fs-0fedcba9876543210"
      arn = "arn:aws:elasticfilesystem:ap-south-2:111122223333:file-system/fs-0fedcba9876543210"
    }
  }
}

variables {
  organisation        = "kosha"
  environment         = "test"
  region              = "ap-south-1"
  recovery_region     = "ap-south-2"
  deletion_protection = false # the test applies to the mock, and destroys what it made
}

run "handoff_is_published_in_both_regions" {
  command = apply

  assert {
    condition = jsondecode(module.handoff.document) == {
      vault_name              = "kosha-test-backup"
      vault_arn               = "arn:aws:backup:ap-south-1:111122223333:backup-vault:made-here"
      recovery_vault_name     = "kosha-test-backup"
      recovery_vault_arn      = "arn:aws:backup:ap-south-2:111122223333:backup-vault:made-here"
      backup_role_arn         = "arn:aws:iam::111122223333:role/made-here"
      restore_role_arn        = "arn:aws:iam::111122223333:role/made-here"
      replica_file_system_id  = "fs-0fedcba9876543210"
      replica_file_system_arn = "arn:aws:elasticfilesystem:ap-south-2:111122223333:file-system/fs-0fedcba9876543210"
    }
    error_message = "the document must hold what docs/architecture.md promises: ${module.handoff.document}"
  }
  assert {
    condition     = module.handoff.path == "/kosha/test/60-protection"
    error_message = "the handoff lies at ${module.handoff.path}"
  }
}

run "what_is_told_is_told_to_the_platform_topic" {
  command = plan

  assert {
    condition     = module.notices.topic_arn == "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform"
    error_message = "failures must go to the topic platform"
  }
  assert {
    condition = keys(module.notices.rules) == [
      "kosha-test-protection-backup-jobs", "kosha-test-protection-copy-jobs", "kosha-test-protection-recovery-alarms", "kosha-test-protection-recovery-points",
      "kosha-test-protection-replication-guards", "kosha-test-protection-restore-jobs", "kosha-test-protection-vault-guards",
    ]
    error_message = "the rules differ: ${jsonencode(keys(module.notices.rules))}"
  }
}

run "both_replications_are_watched" {
  command = plan

  assert {
    condition = module.replication_watch.alarms == tolist([
      for alarm in ["lake-back-failed", "lake-back-late", "lake-back-waiting", "lake-failed", "lake-late", "lake-waiting", "shared-storage-late"] : "kosha-test-replication-${alarm}"
    ])
    error_message = "the alarms differ: ${jsonencode(module.replication_watch.alarms)}"
  }
  assert {
    condition = jsondecode(module.notices.rules["kosha-test-protection-recovery-alarms"]).resources == [
      for alarm in ["backup-critical-missing", "backup-daily-missing", "replication-lake-back-failed", "replication-lake-late", "replication-lake-waiting"] : "arn:aws:cloudwatch:ap-south-2:111122223333:alarm:kosha-test-${alarm}"
    ]
    error_message = "an alarm of the recovery region reaches nobody: ${module.notices.rules["kosha-test-protection-recovery-alarms"]}"
  }
}

run "the_plans_are_those_of_the_catalogue" {
  command = plan

  assert {
    condition     = module.backup.plans == { for name, backup in local.recovery.backups : name => { schedule = backup.schedule, timezone = "Asia/Kolkata", keep_days = backup.keep_days, copy_keep_days = backup.keep_days } }
    error_message = "a plan differs from catalog/recovery.yaml: ${jsonencode(module.backup.plans)}"
  }
}

run "a_new_environment_need_not_have_volumes" {
  command = plan

  variables {
    watched_backups = ["critical"]
  }

  assert {
    condition     = length(module.backup.recovery_alarm_arns) == 1
    error_message = "the plan daily is watched"
  }
}
