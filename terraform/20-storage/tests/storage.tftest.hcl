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
  mock_data "aws_ssm_parameter" {
    defaults = {
      insecure_value = <<-JSON
        {
          "vpc_id": "vpc-1",
          "permissions_boundary_arn": "arn:aws:iam::111122223333:policy/kosha-test-boundary",
          "private_subnet_ids": ["subnet-a", "subnet-b", "subnet-c"],
          "security_group_ids": {"workers": "sg-workers", "transfer": "sg-transfer", "functions": "sg-functions", "endpoints": "sg-endpoints"},
          "key_arns": {
            "storage": "arn:aws:kms:ap-south-1:111122223333:key/mrk-storage",
            "lake": "arn:aws:kms:ap-south-1:111122223333:key/mrk-lake",
            "logs": "arn:aws:kms:ap-south-1:111122223333:key/mrk-logs",
            "functions": "arn:aws:kms:ap-south-1:111122223333:key/mrk-functions"
          },
          "permissions_boundary_arn": "arn:aws:iam::111122223333:policy/kosha-test-boundary",
          "recovery_key_arns": {"lake": "arn:aws:kms:ap-south-2:111122223333:key/mrk-lake"},
          "topic_arns": {}
        }
      JSON
    }
  }
  mock_resource "aws_efs_file_system" {
    defaults = {
      id  = "fs-0123456789abcdef0"
      arn = "arn:aws:elasticfilesystem:ap-south-1:111122223333:file-system/fs-0123456789abcdef0"
    }
  }
  mock_resource "aws_efs_access_point" {
    defaults = { arn = "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-0123456789abcdef0" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/kosha-test-storage-some-role" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-south-1:111122223333:log-group:/aws/datasync/kosha-test-transfer" }
  }
  mock_resource "aws_datasync_location_efs" {
    defaults = { arn = "arn:aws:datasync:ap-south-1:111122223333:location/loc-0a" }
  }
  mock_resource "aws_datasync_location_s3" {
    defaults = { arn = "arn:aws:datasync:ap-south-1:111122223333:location/loc-0b" }
  }
  mock_resource "aws_datasync_task" {
    defaults = { arn = "arn:aws:datasync:ap-south-1:111122223333:task/task-0123456789abcdef0" }
  }
  override_resource {
    target          = module.transfer["transfer"].aws_iam_role.lake
    override_during = plan
    values          = { arn = "arn:aws:iam::111122223333:role/kosha-test-transfer-lake" }
  }
}

mock_provider "aws" {
  alias           = "recovery"
  override_during = plan

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "ap-south-2" }
  }
}

variables {
  organisation    = "kosha"
  environment     = "test"
  region          = "ap-south-1"
  recovery_region = "ap-south-2"
}

run "the_handoff_holds_what_the_architecture_promises_in_both_regions" {
  command = plan

  assert {
    condition = keys(jsondecode(module.handoff.document)) == [
      "access_logs_bucket", "access_point_arns", "client_role_arns", "code_bucket", "file_system_arn", "file_system_id", "lake_bucket", "lake_bucket_arn", "recovery_access_logs_bucket", "replica_bucket",
      "replica_bucket_arn", "replication", "replication_rule", "reports_bucket", "reports_bucket_arn", "transfers", "workspace_arn",
    ]
    error_message = "the handoff differs from docs/architecture.md"
  }
  assert {
    condition     = module.handoff.path == "/kosha/test/20-storage"
    error_message = "the handoff lies at ${module.handoff.path}"
  }
  assert {
    condition = (
      keys(jsondecode(module.handoff.document).access_point_arns) == ["active", "critical", "intermediate", "published", "reference", "scratch", "tools"] &&
      keys(jsondecode(module.handoff.document).client_role_arns) == ["scratch_cleaner_intermediate", "scratch_cleaner_published", "scratch_cleaner_scratch", "snapshots", "transfer", "workers"] &&
      jsondecode(module.handoff.document).lake_bucket == "kosha-test-lake-ap-south-1" &&
      jsondecode(module.handoff.document).replica_bucket == "kosha-test-lake-ap-south-2" &&
      jsondecode(module.handoff.document).access_logs_bucket == "kosha-test-access-logs-ap-south-1" &&
      jsondecode(module.handoff.document).code_bucket == "kosha-test-code-ap-south-1" &&
      jsondecode(module.handoff.document).reports_bucket == "kosha-test-reports-ap-south-1" &&
      [for name, each in jsondecode(module.handoff.document).transfers : [name, each.report_prefix, each.directory, each.lake_prefix, each.every_minutes]] == [
        ["snapshots", "snapshots", "critical", "snapshots", 60],
        ["transfer", "transfer", "published", "", 30],
      ]
    )
    error_message = "names in the handoff differ from the naming rules"
  }
}

run "the_transfers_alone_read_what_has_no_class_yet" {
  command = plan

  assert {
    condition = {
      for side, policy in module.data_lake.policies : side => [
        for statement in jsondecode(policy).Statement : statement.Condition.ArnNotEquals["aws:PrincipalArn"] if statement.Sid == "DenyReadingWithoutClass"
      ]
      } == {
      lake    = [[for task in ["snapshots", "transfer"] : "arn:aws:iam::111122223333:role/kosha-test-${task}-lake"]]
      replica = [[for task in ["snapshots", "transfer", "recovery-snapshots", "recovery-transfer"] : "arn:aws:iam::111122223333:role/kosha-test-${task}-lake"]]
    }
    error_message = "only the transfers' roles may be exempt, and on the replica those of the standby's transfers"
  }
}


run "people_who_tag_by_hand_are_named" {
  command = plan

  variables {
    hand_tagging_role_arns = ["arn:aws:iam::111122223333:role/custodian"]
  }

  assert {
    condition = {
      for side, policy in module.data_lake.policies : side => [
        for statement in jsondecode(policy).Statement : [for arn in statement.Condition.ArnNotEquals["aws:PrincipalArn"] : basename(arn)] if statement.Sid == "DenyTagging"
      ]
      } == {
      lake = [["custodian", "kosha-test-object-tagger", "kosha-test-tag-backfill", "kosha-test-tag-backfill-jobs", "kosha-test-cluster-hospital"]]
      replica = [[
        "custodian", "kosha-test-object-tagger", "kosha-test-tag-backfill", "kosha-test-tag-backfill-jobs", "kosha-test-cluster-hospital",
        "kosha-test-recovery-object-tagger", "kosha-test-recovery-tag-backfill", "kosha-test-recovery-tag-backfill-jobs", "kosha-test-recovery-cluster-hospital",
      ]]
    }
    error_message = "whoever may tag is named, and on the replica the standby's functions, too"
  }
}

run "what_holds_data_is_protected_unless_an_environment_says_otherwise" {
  command = plan

  assert {
    condition = var.deletion_protection && alltrue([
      for policy in values(module.data_lake.policies) : contains([for statement in jsondecode(policy).Statement : statement.Sid], "DenyDeletionOfBucket")
    ])
    error_message = "an environment that says nothing must be protected"
  }
}
