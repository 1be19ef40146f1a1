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
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-south-1:111122223333:log-group:/aws/datasync/kosha-test-transfer" }
  }
  mock_resource "aws_datasync_location_efs" {
    defaults = { arn = "arn:aws:datasync:ap-south-1:111122223333:location/loc-0a" }
  }
  mock_resource "aws_datasync_location_s3" {
    defaults = { arn = "arn:aws:datasync:ap-south-1:111122223333:location/loc-0b" }
  }
  override_resource {
    target          = aws_iam_role.lake
    override_during = plan
    values          = { arn = "arn:aws:iam::111122223333:role/kosha-test-transfer-lake" }
  }
  override_resource {
    target          = aws_iam_role.reports
    override_during = plan
    values          = { arn = "arn:aws:iam::111122223333:role/kosha-test-transfer-reports" }
  }
}

variables {
  name               = "kosha-test"
  task               = "transfer"
  lake_prefix        = ""
  lake_bucket_arn    = "arn:aws:s3:::kosha-test-lake-ap-south-1"
  reports_bucket_arn = "arn:aws:s3:::kosha-test-reports-ap-south-1"
  lake_key_arn       = "arn:aws:kms:ap-south-1:111122223333:key/mrk-1"
  logs_key_arn       = "arn:aws:kms:ap-south-1:111122223333:key/mrk-2"
  in_flight_patterns = ["*.tmp", "*.part"]
  source_location = {
    file_system_arn  = "arn:aws:elasticfilesystem:ap-south-1:111122223333:file-system/fs-1"
    access_point_arn = "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-1"
    role_arn         = "arn:aws:iam::111122223333:role/kosha-test-storage-transfer"
  }
  network = {
    subnet_id         = "subnet-a"
    security_group_id = "sg-transfer"
  }
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

run "the_source_is_mounted_with_tls_the_access_point_and_the_client_role" {
  command = plan

  assert {
    condition = (
      aws_datasync_location_efs.directory.in_transit_encryption == "TLS1_2" &&
      aws_datasync_location_efs.directory.access_point_arn == var.source_location.access_point_arn &&
      aws_datasync_location_efs.directory.file_system_access_role_arn == var.source_location.role_arn &&
      aws_datasync_location_efs.directory.subdirectory == "/"
    )
    error_message = "the mount differs from what the file-system policy admits"
  }
  assert {
    condition = (
      aws_datasync_location_efs.directory.ec2_config[0].subnet_arn == "arn:aws:ec2:ap-south-1:111122223333:subnet/subnet-a" &&
      aws_datasync_location_efs.directory.ec2_config[0].security_group_arns == toset(["arn:aws:ec2:ap-south-1:111122223333:security-group/sg-transfer"])
    )
    error_message = "DataSync must sit in the given subnet and security group"
  }
  assert {
    condition     = alltrue([for role in [aws_iam_role.lake, aws_iam_role.reports] : role.permissions_boundary == var.permissions_boundary_arn])
    error_message = "A role without the boundary can do whatever its policies say."
  }
}

run "the_task_verifies_and_never_deletes_or_doubles" {
  command = plan

  assert {
    condition     = aws_datasync_task.this.options[0].preserve_deleted_files == "PRESERVE"
    error_message = "a file removed from the shared storage must stay in the lake"
  }
  assert {
    condition     = aws_datasync_task.this.options[0].verify_mode == "ONLY_FILES_TRANSFERRED"
    error_message = "what is transferred must be verified"
  }
  assert {
    condition     = aws_datasync_task.this.options[0].task_queueing == "DISABLED" && length(aws_datasync_task.this.schedule) == 0
    error_message = "a second execution must be refused, and only the starter may start one"
  }
  assert {
    condition     = aws_datasync_task.this.options[0].transfer_mode == "CHANGED" && aws_datasync_task.this.options[0].overwrite_mode == "ALWAYS"
    error_message = "what changed must be copied over what was there"
  }
  assert {
    condition     = aws_datasync_task.this.options[0].object_tags == "NONE"
    error_message = "tags come from the tagger alone"
  }
}

run "files_still_being_written_are_left_out" {
  command = plan

  assert {
    condition     = aws_datasync_task.this.excludes[0].value == "*.tmp|*.part" && aws_datasync_task.this.excludes[0].filter_type == "SIMPLE_PATTERN"
    error_message = "the exclude filter differs from the patterns"
  }
}

run "every_file_is_reported_with_its_version" {
  command = plan

  assert {
    condition = [for report in aws_datasync_task.this.task_report_config : [report.output_type, report.report_level, report.s3_object_versioning]] == [
      ["STANDARD", "SUCCESSES_AND_ERRORS", "INCLUDE"],
    ]
    error_message = "the tagger needs a full report with versions"
  }
  assert {
    condition = (
      aws_datasync_task.this.task_report_config[0].report_level == "SUCCESSES_AND_ERRORS" &&
      aws_datasync_task.this.task_report_config[0].report_overrides[0].skipped_override == "ERRORS_ONLY"
    )
    error_message = "the report must list every file transferred and verified, but not the unchanged ones"
  }
  assert {
    condition = (
      aws_datasync_task.this.task_report_config[0].s3_destination[0].s3_bucket_arn == var.reports_bucket_arn &&
      aws_datasync_task.this.task_report_config[0].s3_destination[0].subdirectory == "transfer/" &&
      output.report_prefix == "transfer"
    )
    error_message = "reports must lie below the report prefix"
  }
}

run "the_lake_role_can_write_and_verify_but_not_delete_or_tag" {
  command = plan

  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.lake.policy).Statement : statement.Action])) == toset([
      "s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:AbortMultipartUpload", "s3:GetObject", "s3:GetObjectVersion",
      "s3:ListMultipartUploadParts", "s3:PutObject", "kms:Decrypt", "kms:GenerateDataKey",
    ])
    error_message = "the lake role has other actions than the reviewed ones"
  }
  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.lake.policy).Statement : statement.Resource])) == toset([
      "arn:aws:s3:::kosha-test-lake-ap-south-1", "arn:aws:s3:::kosha-test-lake-ap-south-1/*", "arn:aws:kms:ap-south-1:111122223333:key/mrk-1",
    ])
    error_message = "the lake role reaches more than the lake and its key"
  }
}

run "the_reports_role_can_write_below_the_report_prefix_only" {
  command = plan

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.reports.policy).Statement : statement.Resource] == ["arn:aws:s3:::kosha-test-reports-ap-south-1/transfer/*", "arn:aws:kms:ap-south-1:111122223333:key/mrk-1"]
    error_message = "the reports role reaches more than its folder"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.reports.policy).Statement[0].Action == ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"]
    error_message = "the reports role may do more than write"
  }
}

run "the_key_is_used_through_s3_only" {
  command = plan

  assert {
    condition = alltrue([
      for policy in [aws_iam_role_policy.lake.policy, aws_iam_role_policy.reports.policy] :
      [for statement in jsondecode(policy).Statement : statement.Condition if statement.Sid == "UseKeyThroughS3"] == [{ StringEquals = { "kms:ViaService" = "s3.ap-south-1.amazonaws.com" } }]
    ])
    error_message = "both roles must reach the key through S3 alone"
  }
}

run "both_roles_are_taken_by_datasync_for_this_account_only" {
  command = plan

  assert {
    condition = alltrue([
      for role in [aws_iam_role.lake, aws_iam_role.reports] : jsondecode(role.assume_role_policy).Statement == [{
        Effect    = "Allow"
        Principal = { Service = "datasync.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = {
          StringEquals = { "aws:SourceAccount" = "111122223333" }
          ArnLike      = { "aws:SourceArn" = "arn:aws:datasync:ap-south-1:111122223333:*" }
        }
      }]
    ])
    error_message = "the trust must name DataSync, the account and its resources"
  }
}

run "logs_are_encrypted_kept_and_written_by_this_accounts_tasks_only" {
  command = plan

  assert {
    condition     = aws_cloudwatch_log_group.this.kms_key_id == var.logs_key_arn && aws_cloudwatch_log_group.this.retention_in_days == 400
    error_message = "the log group must be encrypted and kept 400 days"
  }
  assert {
    condition     = aws_datasync_task.this.cloudwatch_log_group_arn == aws_cloudwatch_log_group.this.arn && aws_datasync_task.this.options[0].log_level == "TRANSFER"
    error_message = "the task must log every file to the group"
  }
  assert {
    condition = jsondecode(aws_cloudwatch_log_resource_policy.this.policy_document).Statement[0] == {
      Sid       = "DataSyncWritesLogs"
      Effect    = "Allow"
      Principal = { Service = "datasync.amazonaws.com" }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = "arn:aws:logs:ap-south-1:111122223333:log-group:/aws/datasync/kosha-test-transfer:*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = "111122223333" }
        ArnLike      = { "aws:SourceArn" = "arn:aws:datasync:ap-south-1:111122223333:task/*" }
      }
    }
    error_message = "only this account's DataSync tasks may write the logs"
  }
}

run "refuses_reports_in_the_lake" {
  command = plan

  variables {
    reports_bucket_arn = "arn:aws:s3:::kosha-test-lake-ap-south-1"
  }

  expect_failures = [var.reports_bucket_arn]
}

run "refuses_a_pattern_that_leaves_out_everything" {
  command = plan

  variables {
    in_flight_patterns = ["*"]
  }

  expect_failures = [var.in_flight_patterns]
}

run "a_task_with_a_prefix_writes_there_alone" {
  command = plan

  variables {
    task        = "snapshots"
    lake_prefix = "snapshots"
  }

  assert {
    condition     = aws_datasync_location_s3.lake.subdirectory == "/snapshots"
    error_message = "the directory must be copied below the prefix"
  }
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.lake.policy).Statement : statement.Resource == "arn:aws:s3:::kosha-test-lake-ap-south-1/snapshots/*"
      if contains(flatten([statement.Action]), "s3:PutObject") || contains(flatten([statement.Action]), "s3:GetObject")
    ])
    error_message = "the task's role reaches objects outside of its prefix"
  }
  assert {
    condition = (
      aws_datasync_task.this.name == "kosha-test-snapshots" && aws_iam_role.lake.name == "kosha-test-snapshots-lake" &&
      aws_iam_role.reports.name == "kosha-test-snapshots-reports" && aws_cloudwatch_log_group.this.name == "/aws/datasync/kosha-test-snapshots" &&
      aws_cloudwatch_log_resource_policy.this.policy_name == "kosha-test-snapshots" && output.report_prefix == "snapshots"
    )
    error_message = "two tasks of one environment need names of their own"
  }
  assert {
    condition     = aws_datasync_task.this.excludes[0].value == "*.tmp|*.part" && aws_datasync_task.this.options[0].preserve_deleted_files == "PRESERVE"
    error_message = "every task leaves out half-written files and deletes nothing"
  }
}

run "refuses_logs_of_less_than_a_year" {
  command = plan

  variables {
    log_days = 90
  }

  expect_failures = [var.log_days]
}

# One run for all: each plans the whole module, whatever it refuses.
run "refuses_every_value_that_cannot_be" {
  command = plan

  variables {
    # a name that is no prefix
    name = "kosha"
    # a source without an access point
    source_location = {
      file_system_arn  = "arn:aws:elasticfilesystem:ap-south-1:111122223333:file-system/fs-1"
      access_point_arn = ""
      role_arn         = "arn:aws:iam::111122223333:role/kosha-test-storage-transfer"
    }
    # a network of arns
    network = { subnet_id = "arn:aws:ec2:ap-south-1:111122223333:subnet/subnet-a", security_group_id = "sg-transfer" }
    # a lake that is a folder
    lake_bucket_arn = "arn:aws:s3:::kosha-test-lake-ap-south-1/raw"
    # an alias of the lake key
    lake_key_arn = "alias/lake"
    # an alias of the logs key
    logs_key_arn = "alias/logs"
    # copy half written files
    in_flight_patterns = []
    # a task with a slash
    task = "transfer/"
    # a prefix with a slash at the end
    lake_prefix = "snapshots/"
    # a boundary that is none
    permissions_boundary_arn = "kosha-test-boundary"
  }

  expect_failures = [
    var.name,
    var.source_location,
    var.network,
    var.lake_bucket_arn,
    var.lake_key_arn,
    var.logs_key_arn,
    var.in_flight_patterns,
    var.task,
    var.lake_prefix,
    var.permissions_boundary_arn,
  ]
}
