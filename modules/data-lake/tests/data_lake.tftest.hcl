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
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/kosha-test-lake-replication" }
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
  name                = "kosha-test"
  lake_key_arn        = "arn:aws:kms:ap-south-1:111122223333:key/mrk-1"
  replica_key_arn     = "arn:aws:kms:ap-south-2:111122223333:key/mrk-1"
  exempt_role_arns    = ["arn:aws:iam::111122223333:role/kosha-test-transfer-lake"]
  deletion_protection = true
  data_classes = {
    raw_sequence = {
      prefix    = "raw-sequences"
      lifecycle = { transitions = [{ days = 30, storage_class = "STANDARD_IA" }], noncurrent_days = 365 }
    }
    snapshot = {
      prefix    = "snapshots"
      lifecycle = { transitions = [{ days = 30, storage_class = "GLACIER_IR" }], noncurrent_days = 365, expire_days = 400 }
    }
  }
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

run "buckets_are_named_by_purpose_and_region" {
  command = plan

  assert {
    condition     = [output.lake_bucket, output.replica_bucket, output.reports_bucket] == ["kosha-test-lake-ap-south-1", "kosha-test-lake-ap-south-2", "kosha-test-reports-ap-south-1"]
    error_message = "unexpected bucket names"
  }
  assert {
    condition     = output.access_logs_buckets == { primary = "kosha-test-access-logs-ap-south-1", recovery = "kosha-test-access-logs-ap-south-2" }
    error_message = "each region needs its own access-log bucket"
  }
  assert {
    condition     = aws_iam_role.replication.permissions_boundary == var.permissions_boundary_arn
    error_message = "A role without the boundary can do whatever its policies say."
  }
}

run "one_rule_replicates_everything_to_the_recovery_key" {
  command = plan

  assert {
    condition     = length(aws_s3_bucket_replication_configuration.this.rule) == 1 && aws_s3_bucket_replication_configuration.this.bucket == "kosha-test-lake-ap-south-1"
    error_message = "exactly one rule on the lake expected"
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
      aws_s3_bucket_replication_configuration.this.rule[0].source_selection_criteria[0].replica_modifications[0].status == "Disabled" &&
      aws_s3_bucket_replication_configuration.this.rule[0].destination[0].encryption_configuration[0].replica_kms_key_id == var.replica_key_arn &&
      aws_s3_bucket_replication_configuration.this.rule[0].destination[0].bucket == "arn:aws:s3:::kosha-test-lake-ap-south-2"
    )
    error_message = "KMS-encrypted objects must be replicated with the recovery region's key, one way"
  }
  assert {
    condition = (
      aws_s3_bucket_replication_configuration.this.rule[0].destination[0].replication_time[0].time[0].minutes == 15 &&
      aws_s3_bucket_replication_configuration.this.rule[0].destination[0].metrics[0].status == "Enabled"
    )
    error_message = "replication time control and its metrics must be on"
  }
}

run "the_replication_role_may_do_exactly_what_replication_needs" {
  command = plan

  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.replication.policy).Statement : statement.Action])) == toset([
      "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging",
      "s3:ReplicateObject", "s3:ReplicateTags", "s3:ReplicateDelete", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey",
    ])
    error_message = "the replication role has other actions than the reviewed ones"
  }
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.replication.policy).Statement :
      contains(keys(statement), "Condition") && contains(keys(statement.Condition.StringEquals), "kms:ViaService") if strcontains(jsonencode(statement.Action), "kms:")
    ])
    error_message = "the keys may be used through S3 only"
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.replication.policy).Statement : statement.Resource if statement.Sid == "WriteReplica"] == ["arn:aws:s3:::kosha-test-lake-ap-south-2/*"]
    error_message = "the role may write to the replica only"
  }
  assert {
    condition     = jsondecode(aws_iam_role.replication.assume_role_policy).Statement[0].Principal == { Service = "s3.amazonaws.com" }
    error_message = "only S3 may take the role"
  }
}

run "an_object_without_a_class_is_read_by_exempt_roles_only_on_both_sides" {
  command = plan

  assert {
    condition = [for statement in jsondecode(output.policies.lake).Statement : statement if statement.Sid == "DenyReadingWithoutClass"] == [{
      Sid       = "DenyReadingWithoutClass"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:GetObject", "s3:GetObjectVersion"]
      Resource  = "arn:aws:s3:::kosha-test-lake-ap-south-1/*"
      Condition = {
        StringNotEquals = { "s3:ExistingObjectTag/data_class" = ["raw_sequence", "snapshot"] }
        ArnNotEquals    = { "aws:PrincipalArn" = ["arn:aws:iam::111122223333:role/kosha-test-transfer-lake"] }
      }
    }]
    error_message = "an unclassified object of the lake must be dark"
  }
  assert {
    condition = [for statement in jsondecode(output.policies.replica).Statement : statement.Resource if statement.Sid == "DenyReadingWithoutClass"] == [
      "arn:aws:s3:::kosha-test-lake-ap-south-2/*"
    ]
    error_message = "an unclassified object of the replica must be dark too"
  }
  assert {
    condition = alltrue([
      for policy in values(output.policies) : alltrue([for statement in jsondecode(policy).Statement : statement.Effect == "Deny"])
    ])
    error_message = "nobody gets access to lake or replica by a bucket policy"
  }
}

run "tags_are_written_by_tagging_roles_only_and_never_taken_away" {
  command = plan

  variables {
    tagging_role_arns = ["arn:aws:iam::111122223333:role/kosha-test-object-tagger"]
  }

  assert {
    condition = alltrue([
      for policy in values(output.policies) : { for statement in jsondecode(policy).Statement : statement.Sid => [statement.Effect, statement.Action, try(statement.Condition, null)] if contains(["DenyTagging", "DenyTagsWithoutClass", "DenyUntagging"], statement.Sid) } == {
        DenyTagging          = ["Deny", ["s3:PutObjectTagging", "s3:PutObjectVersionTagging"], { ArnNotEquals = { "aws:PrincipalArn" = ["arn:aws:iam::111122223333:role/kosha-test-object-tagger"] } }]
        DenyTagsWithoutClass = ["Deny", ["s3:PutObjectTagging", "s3:PutObjectVersionTagging"], { Null = { "s3:RequestObjectTag/data_class" = "true" } }]
        DenyUntagging        = ["Deny", ["s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"], null]
      }
    ])
    error_message = "who tags may read everything, so only tagging roles tag, on both sides"
  }
}

run "a_class_is_read_by_its_readers_only_on_both_sides" {
  command = plan

  variables {
    reader_role_arns = {
      raw_sequence = ["arn:aws:iam::111122223333:role/kosha-test-researcher", "arn:aws:iam::111122223333:role/kosha-test-custodian"]
    }
  }

  assert {
    condition = alltrue([
      for policy in values(output.policies) : {
        for statement in jsondecode(policy).Statement : statement.Sid => statement.Condition if contains(["DenyReadingRawSequence", "DenyReadingSnapshot"], statement.Sid)
        } == {
        DenyReadingRawSequence = {
          StringEquals = { "s3:ExistingObjectTag/data_class" = ["raw_sequence"] }
          ArnNotEquals = { "aws:PrincipalArn" = [for name in ["custodian", "researcher", "transfer-lake"] : "arn:aws:iam::111122223333:role/kosha-test-${name}"] }
        }
        DenyReadingSnapshot = {
          StringEquals = { "s3:ExistingObjectTag/data_class" = ["snapshot"] }
          ArnNotEquals = { "aws:PrincipalArn" = ["arn:aws:iam::111122223333:role/kosha-test-transfer-lake"] }
        }
      }
    ])
    error_message = "a class is read by those the access matrix names, and by exempt roles"
  }
}

run "refuses_readers_by_wildcard_or_of_no_class" {
  command = plan

  variables {
    reader_role_arns = { raw_sequence = ["arn:aws:iam::111122223333:role/*"], unknown = [] }
  }

  expect_failures = [var.reader_role_arns]
}

run "a_presigned_url_serves_ten_minutes" {
  command = plan

  assert {
    condition = alltrue([
      for policy in values(output.policies) : [
        for statement in jsondecode(policy).Statement : statement.Condition if statement.Sid == "DenyOldSignatures"
      ] == [{ NumericGreaterThan = { "s3:signatureAge" = "600000" } }]
    ])
    error_message = "a signature is good for ten minutes, on both sides"
  }
}

run "without_exempt_roles_the_refusal_has_no_exception" {
  command = plan

  variables {
    exempt_role_arns = []
  }

  assert {
    condition = [for statement in jsondecode(output.policies.lake).Statement : statement.Condition if statement.Sid == "DenyReadingWithoutClass"] == [
      { StringNotEquals = { "s3:ExistingObjectTag/data_class" = ["raw_sequence", "snapshot"] } }
    ]
    error_message = "an empty exemption must leave a plain refusal"
  }
}

run "every_class_has_its_lifecycle" {
  command = plan

  assert {
    condition = jsonencode(local.class_rules) == jsonencode({
      raw-sequence = { prefix = "raw-sequences/", transitions = [{ days = 30, storage_class = "STANDARD_IA" }], noncurrent_days = 365, expire_days = null }
      snapshot     = { prefix = "snapshots/", transitions = [{ days = 30, storage_class = "GLACIER_IR" }], noncurrent_days = 365, expire_days = 400 }
    })
    error_message = "the lifecycle rules differ from the data classes"
  }
}

run "the_catalogue_of_this_repository_is_accepted" {
  command = plan

  variables {
    data_classes = yamldecode(file("../../catalog/data-classes.yaml")).classes
  }

  assert {
    condition     = length(local.class_rules) == length(yamldecode(file("../../catalog/data-classes.yaml")).classes)
    error_message = "one lifecycle rule for each class of the catalogue expected"
  }
}

run "refuses_a_name_that_is_no_prefix" {
  command = plan

  variables {
    name = "Kosha"
  }

  expect_failures = [var.name]
}

run "refuses_an_empty_catalogue" {
  command = plan

  variables {
    data_classes = {}
  }

  expect_failures = [var.data_classes]
}

run "refuses_a_class_whose_prefix_lies_in_another_one" {
  command = plan

  variables {
    data_classes = {
      outer = { prefix = "results", lifecycle = { transitions = [], noncurrent_days = 30 } }
      inner = { prefix = "results/final", lifecycle = { transitions = [], noncurrent_days = 30 } }
    }
  }

  expect_failures = [var.data_classes]
}

run "refuses_a_storage_class_that_does_not_exist" {
  command = plan

  variables {
    data_classes = { one = { prefix = "one", lifecycle = { transitions = [{ days = 30, storage_class = "COLD" }], noncurrent_days = 30 } } }
  }

  expect_failures = [var.data_classes]
}

run "refuses_infrequent_access_before_day_30" {
  command = plan

  variables {
    data_classes = { one = { prefix = "one", lifecycle = { transitions = [{ days = 7, storage_class = "STANDARD_IA" }], noncurrent_days = 30 } } }
  }

  expect_failures = [var.data_classes]
}

run "refuses_expiry_before_the_last_transition" {
  command = plan

  variables {
    data_classes = { one = { prefix = "one", lifecycle = { transitions = [{ days = 90, storage_class = "GLACIER" }], noncurrent_days = 30, expire_days = 60 } } }
  }

  expect_failures = [var.data_classes]
}

run "refuses_to_drop_overwritten_versions_at_once" {
  command = plan

  variables {
    data_classes = { one = { prefix = "one", lifecycle = { transitions = [], noncurrent_days = 0 } } }
  }

  expect_failures = [var.data_classes]
}

run "refuses_a_lake_key_that_is_no_arn" {
  command = plan

  variables {
    lake_key_arn = "alias/lake"
  }

  expect_failures = [var.lake_key_arn]
}

run "refuses_a_replica_key_that_is_no_arn" {
  command = plan

  variables {
    replica_key_arn = "alias/lake"
  }

  expect_failures = [var.replica_key_arn]
}

run "refuses_the_primary_key_for_the_replica" {
  command = plan

  variables {
    replica_key_arn = "arn:aws:kms:ap-south-1:111122223333:key/mrk-1"
  }

  expect_failures = [var.replica_key_arn]
}

run "refuses_an_exemption_by_wildcard" {
  command = plan

  variables {
    exempt_role_arns  = ["arn:aws:iam::111122223333:role/*"]
    tagging_role_arns = ["arn:aws:iam::111122223333:role/*"]
  }

  expect_failures = [var.exempt_role_arns, var.tagging_role_arns]
}

run "refuses_to_keep_logs_for_less_than_a_year" {
  command = plan

  variables {
    log_days = 180
  }

  expect_failures = [var.log_days]
}

run "a_boundary_that_is_none_is_refused" {
  command = plan
  variables {
    permissions_boundary_arn = "kosha-test-boundary"
  }
  expect_failures = [var.permissions_boundary_arn]
}

run "the_standby_s_roles_have_their_rights_on_the_replica_alone" {
  command = plan

  variables {
    tagging_role_arns = ["arn:aws:iam::111122223333:role/kosha-test-object-tagger"]
    recovery_roles = {
      exempt  = ["arn:aws:iam::111122223333:role/kosha-test-recovery-transfer-lake"]
      readers = { snapshot = ["arn:aws:iam::111122223333:role/kosha-test-recovery-storage-scratch-cleaner-scratch"] }
      tagging = ["arn:aws:iam::111122223333:role/kosha-test-recovery-object-tagger"]
    }
  }

  assert {
    condition     = !strcontains(output.policies.lake, "recovery-")
    error_message = "A role of the standby has rights on the lake of the primary region."
  }
  assert {
    condition = { for s in jsondecode(output.policies.replica).Statement : s.Sid => s.Condition.ArnNotEquals["aws:PrincipalArn"] if contains(["DenyReadingWithoutClass", "DenyTagging", "DenyReadingRawSequence", "DenyReadingSnapshot"], s.Sid) } == {
      DenyReadingWithoutClass = ["arn:aws:iam::111122223333:role/kosha-test-transfer-lake", "arn:aws:iam::111122223333:role/kosha-test-recovery-transfer-lake"]
      DenyTagging             = ["arn:aws:iam::111122223333:role/kosha-test-object-tagger", "arn:aws:iam::111122223333:role/kosha-test-recovery-object-tagger"]
      DenyReadingRawSequence  = ["arn:aws:iam::111122223333:role/kosha-test-recovery-transfer-lake", "arn:aws:iam::111122223333:role/kosha-test-transfer-lake"]
      DenyReadingSnapshot     = ["arn:aws:iam::111122223333:role/kosha-test-recovery-storage-scratch-cleaner-scratch", "arn:aws:iam::111122223333:role/kosha-test-recovery-transfer-lake", "arn:aws:iam::111122223333:role/kosha-test-transfer-lake"]
    }
    error_message = "The standby's roles are let through on the replica, each for what it does, or it could not work after a failover without a change of the bucket's policy."
  }
}

run "refuses_a_pattern_for_the_standby" {
  command = plan

  variables {
    recovery_roles = { tagging = ["arn:aws:iam::111122223333:role/kosha-test-recovery-*"] }
  }

  expect_failures = [var.recovery_roles]
}
