mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/kosha-test-lake-replication" }
  }
}

variables {
  role_name                = "kosha-test-lake-replication"
  from                     = { bucket = "kosha-test-lake-ap-south-1", key_arn = "arn:aws:kms:ap-south-1:111122223333:key/mrk-1" }
  to                       = { bucket = "kosha-test-lake-ap-south-2", key_arn = "arn:aws:kms:ap-south-2:111122223333:key/mrk-1" }
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

run "one_rule_replicates_everything_under_the_key_of_the_other_region" {
  command = plan

  assert {
    condition     = length(aws_s3_bucket_replication_configuration.this.rule) == 1 && aws_s3_bucket_replication_configuration.this.bucket == "kosha-test-lake-ap-south-1"
    error_message = "exactly one rule on the bucket expected"
  }
  assert {
    condition = (
      aws_s3_bucket_replication_configuration.this.rule[0].status == "Enabled" &&
      aws_s3_bucket_replication_configuration.this.rule[0].priority == 1 &&
      length(aws_s3_bucket_replication_configuration.this.rule[0].filter[0].tag) == 0 &&
      length(aws_s3_bucket_replication_configuration.this.rule[0].filter[0].and) == 0 &&
      aws_s3_bucket_replication_configuration.this.rule[0].filter[0].prefix == null &&
      aws_s3_bucket_replication_configuration.this.rule[0].delete_marker_replication[0].status == "Enabled"
    )
    error_message = "the rule must take everything, delete markers included"
  }
  assert {
    condition = (
      aws_s3_bucket_replication_configuration.this.rule[0].source_selection_criteria[0].sse_kms_encrypted_objects[0].status == "Enabled" &&
      aws_s3_bucket_replication_configuration.this.rule[0].destination[0].encryption_configuration[0].replica_kms_key_id == var.to.key_arn &&
      aws_s3_bucket_replication_configuration.this.rule[0].destination[0].bucket == "arn:aws:s3:::kosha-test-lake-ap-south-2"
    )
    error_message = "KMS-encrypted objects must be replicated with the other region's key"
  }
  assert {
    condition     = aws_s3_bucket_replication_configuration.this.rule[0].source_selection_criteria[0].replica_modifications[0].status == "Enabled"
    error_message = "tags that are corrected on a replica must go back"
  }
  assert {
    condition = (
      aws_s3_bucket_replication_configuration.this.rule[0].destination[0].replication_time[0].status == "Enabled" &&
      aws_s3_bucket_replication_configuration.this.rule[0].destination[0].replication_time[0].time[0].minutes == 15 &&
      aws_s3_bucket_replication_configuration.this.rule[0].destination[0].metrics[0].status == "Enabled"
    )
    error_message = "replication time control and its metrics must be on"
  }
  assert {
    condition = output.rule == {
      from    = "kosha-test-lake-ap-south-1"
      to      = "arn:aws:s3:::kosha-test-lake-ap-south-2"
      key_arn = var.to.key_arn
    }
    error_message = "the output says something else than the rule"
  }
}

run "the_replication_role_may_do_exactly_what_replication_needs" {
  command = plan

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.replication.policy).Statement : [statement.Sid, flatten([statement.Action]), statement.Resource]] == [
      ["ReadConfiguration", ["s3:GetReplicationConfiguration", "s3:ListBucket"], "arn:aws:s3:::kosha-test-lake-ap-south-1"],
      ["ReadSource", ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"], "arn:aws:s3:::kosha-test-lake-ap-south-1/*"],
      ["WriteReplica", ["s3:ReplicateObject", "s3:ReplicateTags", "s3:ReplicateDelete"], "arn:aws:s3:::kosha-test-lake-ap-south-2/*"],
      ["DecryptSource", ["kms:Decrypt"], "arn:aws:kms:ap-south-1:111122223333:key/mrk-1"],
      ["EncryptReplica", ["kms:Encrypt", "kms:GenerateDataKey"], "arn:aws:kms:ap-south-2:111122223333:key/mrk-1"],
    ]
    error_message = "the replication role may do something else than what was reviewed"
  }
  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.replication.policy).Statement : statement.Sid => statement.Condition if can(statement.Condition) } == {
      WriteReplica = { StringEquals = { "aws:ResourceAccount" = "111122223333" } }
      DecryptSource = {
        StringEquals = { "kms:ViaService" = "s3.ap-south-1.amazonaws.com" }
        StringLike   = { "kms:EncryptionContext:aws:s3:arn" = ["arn:aws:s3:::kosha-test-lake-ap-south-1", "arn:aws:s3:::kosha-test-lake-ap-south-1/*"] }
      }
      EncryptReplica = {
        StringEquals = { "kms:ViaService" = "s3.ap-south-2.amazonaws.com" }
        StringLike   = { "kms:EncryptionContext:aws:s3:arn" = ["arn:aws:s3:::kosha-test-lake-ap-south-2", "arn:aws:s3:::kosha-test-lake-ap-south-2/*"] }
      }
    }
    error_message = "the keys may be used through S3 only, each for its bucket"
  }
  assert {
    condition     = jsondecode(aws_iam_role.replication.assume_role_policy).Statement[0].Principal == { Service = "s3.amazonaws.com" }
    error_message = "only S3 may take the role"
  }
  assert {
    condition     = aws_iam_role.replication.permissions_boundary == var.permissions_boundary_arn
    error_message = "A role without the boundary can do whatever its policies say."
  }
}

run "where_objects_may_be_locked_the_role_reads_locks" {
  command = plan

  variables {
    from = { bucket = "kosha-test-lake-ap-south-1", key_arn = "arn:aws:kms:ap-south-1:111122223333:key/mrk-1", object_lock = true }
    to   = { bucket = "kosha-test-lake-ap-south-2", key_arn = "arn:aws:kms:ap-south-2:111122223333:key/mrk-1", object_lock = true }
  }

  assert {
    condition = [for statement in jsondecode(output.role_policy).Statement : statement.Action if statement.Sid == "ReadSource"] == [
      ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging", "s3:GetObjectLegalHold", "s3:GetObjectRetention"]
    ]
    error_message = "S3 replicates nothing from a bucket with Object Lock without these rights"
  }
}

run "refuses_a_role_without_a_prefix" {
  command = plan
  variables {
    role_name = "Replication"
  }
  expect_failures = [var.role_name]
}

run "refuses_a_source_key_that_is_no_arn" {
  command = plan
  variables {
    from = { bucket = "kosha-test-lake-ap-south-1", key_arn = "alias/lake" }
  }
  expect_failures = [var.from]
}

run "refuses_a_destination_key_that_is_no_arn" {
  command = plan
  variables {
    to = { bucket = "kosha-test-lake-ap-south-2", key_arn = "alias/lake" }
  }
  expect_failures = [var.to]
}

run "refuses_a_copy_under_the_key_of_the_region_it_should_outlive" {
  command = plan
  variables {
    to = { bucket = "kosha-test-lake-ap-south-2", key_arn = "arn:aws:kms:ap-south-1:111122223333:key/mrk-1" }
  }
  expect_failures = [var.to]
}

run "refuses_a_destination_without_the_lock_of_the_source" {
  command = plan
  variables {
    from = { bucket = "kosha-test-lake-ap-south-1", key_arn = "arn:aws:kms:ap-south-1:111122223333:key/mrk-1", object_lock = true }
  }
  expect_failures = [var.to]
}

run "a_boundary_that_is_none_is_refused" {
  command = plan
  variables {
    permissions_boundary_arn = "kosha-test-boundary"
  }
  expect_failures = [var.permissions_boundary_arn]
}
