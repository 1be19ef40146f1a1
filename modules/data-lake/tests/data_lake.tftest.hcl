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
    condition     = aws_iam_role.replication_jobs.permissions_boundary == var.permissions_boundary_arn
    error_message = "A role without the boundary can do whatever its policies say."
  }
}

run "the_lake_is_replicated_both_ways_each_under_the_key_of_its_region" {
  command = plan

  assert {
    condition = module.replication.rule == {
      from    = "kosha-test-lake-ap-south-1"
      to      = "arn:aws:s3:::kosha-test-lake-ap-south-2"
      key_arn = var.replica_key_arn
    }
    error_message = "the lake must be copied to the recovery region, under the key of that region"
  }
  assert {
    condition = module.replication_back.rule == {
      from    = "kosha-test-lake-ap-south-2"
      to      = "arn:aws:s3:::kosha-test-lake-ap-south-1"
      key_arn = var.lake_key_arn
    }
    error_message = "what is written in the recovery region must come back, under the primary region's key"
  }
  assert {
    condition = alltrue([
      for way in [module.replication, module.replication_back] : !strcontains(way.role_policy, "s3:GetObjectRetention")
    ])
    error_message = "a role reads locks only where there are some"
  }
}

run "jobs_replicate_both_buckets_and_write_reports_and_nothing_else" {
  command = plan

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.replication_jobs.policy).Statement : [statement.Sid, flatten([statement.Action]), flatten([statement.Resource])]] == [
      ["Replicate", ["s3:InitiateReplication"], ["arn:aws:s3:::kosha-test-lake-ap-south-1/*", "arn:aws:s3:::kosha-test-lake-ap-south-2/*"]],
      ["ListWhatIsReplicated", ["s3:GetReplicationConfiguration", "s3:PutInventoryConfiguration"], ["arn:aws:s3:::kosha-test-lake-ap-south-1", "arn:aws:s3:::kosha-test-lake-ap-south-2"]],
      ["WriteReports", ["s3:PutObject"], ["arn:aws:s3:::kosha-test-reports-ap-south-1/replication/*"]],
    ]
    error_message = "the jobs' role may do something else than what was reviewed"
  }
  assert {
    condition = [for statement in jsondecode(aws_iam_role.replication_jobs.assume_role_policy).Statement : [statement.Principal, statement.Condition]] == [
      [{ Service = "batchoperations.s3.amazonaws.com" }, { StringEquals = { "aws:SourceAccount" = "111122223333" } }]
    ]
    error_message = "only jobs of this account take the role"
  }
  assert {
    condition     = output.replication.report_prefix == "replication"
    error_message = "reports lie elsewhere than the role may write"
  }
}

run "reports_of_jobs_may_be_under_sse_s3" {
  command = plan

  variables {
    batch_role_arns = ["arn:aws:iam::111122223333:role/kosha-test-tag-backfill-jobs"]
  }

  assert {
    condition = [for statement in jsondecode(output.reports_policy).Statement : statement.Condition.ArnNotEquals if statement.Sid == "DenyOtherEncryption"] == [
      { "aws:PrincipalArn" = ["arn:aws:iam::111122223333:role/kosha-test-tag-backfill-jobs", "arn:aws:iam::111122223333:role/kosha-test-lake-replication-jobs"] }
    ]
    error_message = "S3 encrypts completion reports with SSE-S3: the bucket must take them from the roles of jobs, and from nobody else"
  }
  assert {
    condition = alltrue([
      for policy in values(output.policies) :
      alltrue([for statement in jsondecode(policy).Statement : !can(statement.Condition.ArnNotEquals) if statement.Sid == "DenyOtherEncryption"])
    ])
    error_message = "the lake itself takes nothing under another key"
  }
}

run "the_replica_is_written_by_the_replication_and_by_named_roles" {
  command = plan

  variables {
    replica_writer_role_arns = ["arn:aws:iam::111122223333:role/kosha-test-recovery-transfer"]
  }

  assert {
    condition = [for statement in jsondecode(output.policies.replica).Statement : statement if statement.Sid == "DenyWritingToTheReplica"] == [{
      Sid       = "DenyWritingToTheReplica"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:DeleteObject", "s3:PutObject"]
      Resource  = "arn:aws:s3:::kosha-test-lake-ap-south-2/*"
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = ["arn:aws:iam::111122223333:role/kosha-test-recovery-transfer"] } }
    }]
    error_message = "what is written to the replica flows back into the lake: only named roles may"
  }
  assert {
    condition     = length([for statement in jsondecode(output.policies.lake).Statement : statement if statement.Sid == "DenyWritingToTheReplica"]) == 0
    error_message = "the lake takes what it is sent"
  }
}

run "nobody_writes_to_the_replica_by_default" {
  command = plan

  assert {
    condition     = [for statement in jsondecode(output.policies.replica).Statement : can(statement.Condition) if statement.Sid == "DenyWritingToTheReplica"] == [false]
    error_message = "without named roles the refusal has no exception"
  }
}

run "a_replica_without_a_lock_has_none_and_neither_has_the_lake" {
  command = plan

  assert {
    condition     = output.object_lock == { lake = [], replica = [] }
    error_message = "Object Lock cannot be taken back: it is for who asks for it"
  }
}

run "a_locked_replica_refuses_deletion_and_roles_read_locks_both_ways" {
  command = plan

  variables {
    replica_lock_days = 30
  }

  assert {
    condition     = output.object_lock == { lake = [], replica = [{ mode = "GOVERNANCE", days = 30 }] }
    error_message = "the replica must lock every version for 30 days, the lake none by itself"
  }
  assert {
    condition     = length([for statement in jsondecode(output.policies.replica).Statement : statement if statement.Sid == "DenyDeletionOfObjects"]) == 1
    error_message = "nobody may lift a lock of the replica"
  }
  assert {
    condition = alltrue([
      for way in [module.replication, module.replication_back] :
      strcontains(way.role_policy, "s3:GetObjectRetention") && strcontains(way.role_policy, "s3:GetObjectLegalHold")
    ])
    error_message = "S3 replicates nothing from a bucket with Object Lock to a role that cannot read locks; both buckets have it"
  }
}

run "refuses_a_lock_that_outlasts_a_data_class" {
  command = plan

  variables {
    replica_lock_days = 401
  }

  expect_failures = [var.replica_lock_days]
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

run "a_replica_may_age_otherwise_than_the_lake" {
  command = plan

  variables {
    data_classes = {
      raw_sequence = {
        prefix = "raw-sequences"
        lifecycle = {
          transitions         = [{ days = 180, storage_class = "DEEP_ARCHIVE" }]
          replica_transitions = [{ days = 1, storage_class = "GLACIER_IR" }]
          noncurrent_days     = 365
        }
      }
      snapshot = {
        prefix    = "snapshots"
        lifecycle = { transitions = [{ days = 30, storage_class = "GLACIER_IR" }], noncurrent_days = 365 }
      }
    }
  }

  assert {
    condition     = join(", ", module.lake.transitions["raw-sequence"]) == "180 DEEP_ARCHIVE" && join(", ", module.replica.transitions["raw-sequence"]) == "1 GLACIER_IR"
    error_message = "raw-sequence should go to DEEP_ARCHIVE in the lake after 180 days, and to GLACIER_IR in the replica after one"
  }

  assert {
    condition     = join(", ", module.replica.transitions["snapshot"]) == "30 GLACIER_IR"
    error_message = "a class without replica_transitions should age in the replica as it does in the lake"
  }
}

run "refuses_a_replica_that_expires_before_its_last_transition" {
  command = plan

  variables {
    data_classes = { one = { prefix = "one", lifecycle = { transitions = [], replica_transitions = [{ days = 90, storage_class = "GLACIER" }], noncurrent_days = 30, expire_days = 60 } } }
  }

  expect_failures = [var.data_classes]
}

run "refuses_a_storage_class_of_the_replica_that_does_not_exist" {
  command = plan

  variables {
    data_classes = { one = { prefix = "one", lifecycle = { transitions = [], replica_transitions = [{ days = 30, storage_class = "COLD" }], noncurrent_days = 30 } } }
  }

  expect_failures = [var.data_classes]
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

run "refuses_to_keep_logs_for_less_than_a_year" {
  command = plan

  variables {
    log_days = 180
  }

  expect_failures = [var.log_days]
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

# One run for all: each plans the whole module, whatever it refuses.
run "refuses_every_value_that_cannot_be" {
  command = plan

  variables {
    # a lock of half a day
    replica_lock_days = 0.5
    # writers by wildcard
    replica_writer_role_arns = ["arn:aws:iam::111122223333:role/*"]
    batch_role_arns          = ["arn:aws:iam::111122223333:role/*"]
    # readers by wildcard or of no class
    reader_role_arns = { raw_sequence = ["arn:aws:iam::111122223333:role/*"], unknown = [] }
    # a name that is no prefix
    name = "Kosha"
    # a lake key that is no arn
    lake_key_arn = "alias/lake"
    # an exemption by wildcard
    exempt_role_arns  = ["arn:aws:iam::111122223333:role/*"]
    tagging_role_arns = ["arn:aws:iam::111122223333:role/*"]
    # a boundary that is none
    permissions_boundary_arn = "kosha-test-boundary"
    # a pattern for the standby
    recovery_roles = { tagging = ["arn:aws:iam::111122223333:role/kosha-test-recovery-*"] }
  }

  expect_failures = [
    var.replica_lock_days,
    var.replica_writer_role_arns,
    var.batch_role_arns,
    var.reader_role_arns,
    var.name,
    var.lake_key_arn,
    var.exempt_role_arns,
    var.tagging_role_arns,
    var.permissions_boundary_arn,
    var.recovery_roles,
  ]
}
