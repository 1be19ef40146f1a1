mock_provider "aws" {
  override_during = plan

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "ap-south-1" }
  }
}

variables {
  bucket              = "kosha-test-lake-ap-south-1"
  key_arn             = "arn:aws:kms:ap-south-1:111122223333:key/mrk-1"
  access_log_bucket   = "kosha-test-access-logs-ap-south-1"
  deletion_protection = true
  lifecycle_rules = {
    kept = {
      prefix          = "raw-sequences/"
      transitions     = [{ days = 30, storage_class = "STANDARD_IA" }, { days = 90, storage_class = "GLACIER" }]
      noncurrent_days = 365
    }
    expiring = { prefix = "snapshots/", noncurrent_days = 30, expire_days = 400 }
  }
}

run "a_bucket_is_always_closed_versioned_encrypted_and_logged" {
  command = plan

  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "versioning must be on"
  }
  assert {
    condition = (
      one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms" &&
      one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.key_arn &&
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).bucket_key_enabled
    )
    error_message = "the default encryption must be the given key with a bucket key"
  }
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "all four public access blocks must be on"
  }
  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "ACLs must be off"
  }
  assert {
    condition     = aws_s3_bucket_notification.this.eventbridge
    error_message = "EventBridge notifications must be on"
  }
  assert {
    condition     = try([one(aws_s3_bucket_logging.this).target_bucket, one(aws_s3_bucket_logging.this).target_prefix], []) == [var.access_log_bucket, "kosha-test-lake-ap-south-1/"]
    error_message = "access logs must go to the log bucket, below the bucket's own name"
  }
}

run "the_policy_denies_what_must_never_happen_and_allows_nobody" {
  command = plan

  assert {
    condition = [for statement in jsondecode(output.policy).Statement : statement.Sid] == [
      "DenyWithoutTls", "DenyOldTls", "DenyOtherEncryption", "DenyOtherKey", "DenyCustomerProvidedKey", "DenyDeletionOfBucket",
    ]
    error_message = "the statements are not the expected ones"
  }
  assert {
    condition     = alltrue([for statement in jsondecode(output.policy).Statement : statement.Effect == "Deny"])
    error_message = "a bucket without log delivery must allow nothing by its policy"
  }
  assert {
    condition = jsondecode(output.policy).Statement[0] == {
      Sid       = "DenyWithoutTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::kosha-test-lake-ap-south-1", "arn:aws:s3:::kosha-test-lake-ap-south-1/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }
    error_message = "everything without TLS must be denied, on the bucket and on its objects"
  }
  assert {
    condition = jsondecode(output.policy).Statement[2].Condition == {
      Null            = { "s3:x-amz-server-side-encryption" = "false" }
      StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" }
    }
    error_message = "another algorithm must be refused, but a request that names none must pass: the Deny must ask that the header is there"
  }
  assert {
    condition = jsondecode(output.policy).Statement[3].Condition == {
      Null            = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "false" }
      StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "arn:aws:kms:ap-south-1:111122223333:key/mrk-1" }
    }
    error_message = "another key must be refused, but a request that names none must pass: the Deny must ask that the header is there"
  }
}

run "lifecycle_follows_the_rules_and_ends_incomplete_uploads" {
  command = plan

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id] == ["incomplete-uploads", "expiring", "kept"]
    error_message = "one rule for incomplete uploads and one for each entry expected"
  }
  assert {
    condition = (
      aws_s3_bucket_lifecycle_configuration.this.rule[0].filter[0].prefix == "" &&
      aws_s3_bucket_lifecycle_configuration.this.rule[0].abort_incomplete_multipart_upload[0].days_after_initiation == 7
    )
    error_message = "incomplete uploads must end after 7 days, wherever they lie"
  }
  assert {
    condition = (
      aws_s3_bucket_lifecycle_configuration.this.rule[2].filter[0].prefix == "raw-sequences/" &&
      aws_s3_bucket_lifecycle_configuration.this.rule[2].noncurrent_version_expiration[0].noncurrent_days == 365 &&
      { for step in aws_s3_bucket_lifecycle_configuration.this.rule[2].transition : step.storage_class => step.days } == { STANDARD_IA = 30, GLACIER = 90 }
    )
    error_message = "the rule for raw-sequences/ does not say what was given"
  }
  assert {
    condition = (
      aws_s3_bucket_lifecycle_configuration.this.rule[1].expiration[0].days == 400 &&
      aws_s3_bucket_lifecycle_configuration.this.rule[2].expiration[0].expired_object_delete_marker
    )
    error_message = "objects expire only where expire_days says so; elsewhere only spent delete markers go"
  }
}

run "protection_refuses_deletion_by_terraform_and_by_hand" {
  command = plan

  assert {
    condition     = length(terraform_data.deletion_protection) == 1 && !aws_s3_bucket.this.force_destroy
    error_message = "a protected bucket needs the guard and must not be emptied on destroy"
  }
}

run "an_unprotected_bucket_can_be_emptied_and_deleted" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition = (
      length(terraform_data.deletion_protection) == 0 && aws_s3_bucket.this.force_destroy &&
      !contains([for statement in jsondecode(output.policy).Statement : statement.Sid], "DenyDeletionOfBucket")
    )
    error_message = "without protection nothing may stand in the way of destroy"
  }
}

run "a_bucket_whose_versions_can_be_locked_locks_none_by_itself" {
  command = plan

  variables {
    object_lock = true
  }

  assert {
    condition     = aws_s3_bucket.this.object_lock_enabled && output.has_object_lock && output.object_lock == []
    error_message = "Object Lock must be possible, and every lock be asked for"
  }
  assert {
    condition     = !strcontains(output.policy, "DenyDeletionOfObjects")
    error_message = "what has no lock can be deleted"
  }
}

run "a_role_of_a_service_may_ask_for_sse_s3_and_nobody_else" {
  command = plan

  variables {
    sse_s3_role_arns = ["arn:aws:iam::111122223333:role/kosha-test-jobs"]
  }

  assert {
    condition = [for statement in jsondecode(output.policy).Statement : statement.Condition if statement.Sid == "DenyOtherEncryption"] == [{
      Null            = { "s3:x-amz-server-side-encryption" = "false" }
      StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" }
      ArnNotEquals    = { "aws:PrincipalArn" = ["arn:aws:iam::111122223333:role/kosha-test-jobs"] }
    }]
    error_message = "completion reports of S3 Batch Operations come with SSE-S3; everything else must be under the key"
  }
}

run "a_locked_bucket_lets_nobody_delete_or_bypass" {
  command = plan

  variables {
    object_lock_days = 400
    lifecycle_rules  = { everything = { prefix = "", noncurrent_days = 30, expire_days = 400 } }
  }

  assert {
    condition = (
      aws_s3_bucket.this.object_lock_enabled &&
      one(aws_s3_bucket_object_lock_configuration.this).rule[0].default_retention[0].mode == "GOVERNANCE" &&
      one(aws_s3_bucket_object_lock_configuration.this).rule[0].default_retention[0].days == 400
    )
    error_message = "the bucket must be locked from its first object on, for 400 days"
  }
  assert {
    condition = [for statement in jsondecode(output.policy).Statement : statement if statement.Sid == "DenyDeletionOfObjects"] == [{
      Sid       = "DenyDeletionOfObjects"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion"]
      Resource  = "arn:aws:s3:::kosha-test-lake-ap-south-1/*"
    }]
    error_message = "a governance lock that somebody may bypass is none"
  }
}

run "a_service_may_be_let_pass_with_sse_s3_and_nobody_else" {
  command = plan

  variables {
    sse_s3_services = ["cloudtrail.amazonaws.com"]
  }

  assert {
    condition = jsondecode(output.policy).Statement[2].Condition == {
      Null            = { "s3:x-amz-server-side-encryption" = "false" }
      StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms", "aws:PrincipalServiceName" = ["cloudtrail.amazonaws.com"] }
    }
    error_message = "the exception must be for the service alone: a request of a role carries no service name, and is refused"
  }
}

run "an_access_log_bucket_takes_logs_of_one_account_only_and_logs_nowhere" {
  command = plan

  variables {
    key_arn                    = null
    access_log_bucket          = null
    access_log_sources_account = "111122223333"
  }

  assert {
    condition = [for statement in jsondecode(output.policy).Statement : statement if statement.Effect == "Allow"] == [{
      Sid       = "AcceptAccessLogs"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "arn:aws:s3:::kosha-test-lake-ap-south-1/*"
      Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } }
    }]
    error_message = "only S3 log delivery on behalf of the account may write"
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "S3 delivers access logs only to buckets with SSE-S3"
  }
  assert {
    condition     = length(aws_s3_bucket_logging.this) == 0
    error_message = "a log bucket must not log into itself"
  }
}

run "extra_statements_join_the_policy" {
  command = plan

  variables {
    extra_statements = ["{\"Sid\":\"Extra\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\",\"Resource\":\"*\"}"]
  }

  assert {
    condition     = contains([for statement in jsondecode(output.policy).Statement : statement.Sid], "Extra")
    error_message = "the extra statement is missing"
  }
}

run "refuses_a_bucket_name_s3_would_refuse" {
  command = plan

  variables {
    bucket = "Kosha_Lake"
  }

  expect_failures = [var.bucket]
}

run "refuses_a_key_alias" {
  command = plan

  variables {
    key_arn = "alias/kosha-test-lake"
  }

  expect_failures = [var.key_arn]
}

run "refuses_a_bucket_without_a_key_that_is_none_for_access_logs" {
  command = plan

  variables {
    key_arn = null
  }

  expect_failures = [var.key_arn]
}

run "refuses_a_bucket_without_access_logs_that_is_none_for_access_logs" {
  command = plan

  variables {
    access_log_bucket = null
  }

  expect_failures = [var.access_log_bucket]
}

run "refuses_an_access_log_bucket_that_logs_or_has_a_key" {
  command = plan

  variables {
    access_log_sources_account = "111122223333"
  }

  expect_failures = [var.key_arn, var.access_log_bucket]
}

run "refuses_an_account_that_is_none" {
  command = plan

  variables {
    key_arn                    = null
    access_log_bucket          = null
    access_log_sources_account = "1111"
  }

  expect_failures = [var.access_log_sources_account]
}

run "refuses_a_bucket_without_a_lifecycle" {
  command = plan

  variables {
    lifecycle_rules = {}
  }

  expect_failures = [var.lifecycle_rules]
}

run "refuses_a_bucket_that_forgets_within_a_year" {
  command = plan

  variables {
    lifecycle_rules = { logs = { prefix = "", noncurrent_days = 30, expire_days = 364 } }
  }

  expect_failures = [var.lifecycle_rules]
}

run "refuses_an_extra_statement_that_is_not_json" {
  command = plan

  variables {
    extra_statements = ["Deny everything"]
  }

  expect_failures = [var.extra_statements]
}

run "refuses_a_lock_of_half_a_day" {
  command = plan

  variables {
    object_lock_days = 0.5
  }

  expect_failures = [var.object_lock_days]
}

run "refuses_expiry_of_what_is_locked" {
  command = plan

  variables {
    object_lock_days = 500
  }

  expect_failures = [var.object_lock_days]
}

run "refuses_sse_s3_for_every_role" {
  command = plan

  variables {
    sse_s3_role_arns = ["arn:aws:iam::111122223333:role/*"]
  }

  expect_failures = [var.sse_s3_role_arns]
}

run "refuses_sse_s3_for_a_role" {
  command = plan

  variables {
    sse_s3_services = ["arn:aws:iam::111122223333:role/writer"]
  }

  expect_failures = [var.sse_s3_services]
}

run "refuses_a_region_that_its_name_does_not_have" {
  command = plan

  variables {
    bucket = "kosha-test-lake-ap-south-2"
  }

  expect_failures = [aws_s3_bucket.this]
}
