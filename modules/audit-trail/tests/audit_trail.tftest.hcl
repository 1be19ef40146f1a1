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
    defaults = { arn = "arn:aws:iam::111122223333:role/kosha-test-some-role" }
  }
  mock_resource "aws_iam_service_linked_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/aws-service-role/config.amazonaws.com/made-here" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::kosha-test-audit-ap-south-1" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-south-1:111122223333:log-group:/aws/cloudtrail/kosha-test-audit" }
  }
}

mock_provider "aws" {
  alias           = "recovery"
  override_during = plan

  mock_data "aws_region" {
    defaults = { name = "ap-south-2" }
  }
}

variables {
  name                     = "kosha-test"
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
  key_arn                  = "arn:aws:kms:ap-south-1:111122223333:key/mrk-1"
  logs_key_arn             = "arn:aws:kms:ap-south-1:111122223333:key/mrk-2"
  access_log_bucket        = "kosha-test-access-logs-ap-south-1"
  topic_arn                = "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform"
  lake_bucket              = "kosha-test-lake-ap-south-1"
  replica_bucket           = "kosha-test-lake-ap-south-2"
  reports_bucket           = "kosha-test-reports-ap-south-1"
  tagging_role_arns        = ["arn:aws:iam::111122223333:role/kosha-test-object-tagger"]
  deletion_protection      = true
}

run "one_trail_of_all_regions_whose_files_are_signed_and_encrypted" {
  command = plan

  assert {
    condition = (
      aws_cloudtrail.this.name == "kosha-test-audit" && aws_cloudtrail.this.is_multi_region_trail && aws_cloudtrail.this.include_global_service_events &&
      aws_cloudtrail.this.enable_log_file_validation && aws_cloudtrail.this.kms_key_id == var.key_arn && aws_cloudtrail.this.enable_logging
    )
    error_message = "the trail must log all regions and global services, sign its files and use the key"
  }
  assert {
    condition     = aws_cloudtrail.this.s3_bucket_name == "kosha-test-audit-ap-south-1" && aws_cloudtrail.this.s3_key_prefix == null
    error_message = "the trail must write to its own bucket, without a prefix: the bucket's policy names AWSLogs/<account>"
  }
  assert {
    condition     = aws_cloudtrail.this.cloud_watch_logs_group_arn == null && length(aws_cloudwatch_log_group.trail) == 0
    error_message = "without log_group_days nothing goes to CloudWatch Logs"
  }
}

run "the_trail_logs_management_events_objects_with_data_and_calls_of_functions" {
  command = plan

  assert {
    condition = jsonencode([
      for selector in aws_cloudtrail.this.advanced_event_selector : {
        for field in selector.field_selector : field.field => concat(field.equals == null ? [] : tolist(field.equals), field.starts_with == null ? [] : tolist(field.starts_with))
      }
      ]) == jsonencode([
      { "eventCategory" = ["Management"] },
      {
        "eventCategory"  = ["Data"]
        "resources.type" = ["AWS::S3::Object"]
        "resources.ARN"  = ["arn:aws:s3:::kosha-test-lake-ap-south-1/", "arn:aws:s3:::kosha-test-lake-ap-south-2/", "arn:aws:s3:::kosha-test-reports-ap-south-1/"]
      },
      {
        "eventCategory"  = ["Data"]
        "resources.type" = ["AWS::Lambda::Function"]
        "resources.ARN"  = ["arn:aws:lambda:ap-south-1:111122223333:function:kosha-test-", "arn:aws:lambda:ap-south-2:111122223333:function:kosha-test-"]
      },
    ])
    error_message = "the selectors differ; no field readOnly: reads and writes alike"
  }
}

run "only_the_trail_writes_to_its_bucket_and_nobody_deletes" {
  command = plan

  assert {
    condition = [for statement in jsondecode(output.trail_bucket_policy).Statement : statement if statement.Effect == "Allow"] == [
      {
        Sid       = "TrailChecksBucket"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = "arn:aws:s3:::kosha-test-audit-ap-south-1"
        Condition = { StringEquals = { "aws:SourceArn" = "arn:aws:cloudtrail:ap-south-1:111122223333:trail/kosha-test-audit" } }
      },
      {
        Sid       = "TrailWritesLogs"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "arn:aws:s3:::kosha-test-audit-ap-south-1/AWSLogs/111122223333/*"
        Condition = { StringEquals = { "aws:SourceArn" = "arn:aws:cloudtrail:ap-south-1:111122223333:trail/kosha-test-audit", "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
    ]
    error_message = "only this trail of this account may write, below AWSLogs/<account>"
  }
  assert {
    condition = [for statement in jsondecode(output.trail_bucket_policy).Statement : statement.Condition if statement.Sid == "DenyWritingToAllButTheTrail"] == [
      { ArnNotEquals = { "aws:SourceArn" = "arn:aws:cloudtrail:ap-south-1:111122223333:trail/kosha-test-audit" } }
    ]
    error_message = "a role whose policy allows s3:PutObject must not be able to add to the trail"
  }
  assert {
    condition     = contains([for statement in jsondecode(output.trail_bucket_policy).Statement : statement.Sid], "DenyDeletionOfObjects")
    error_message = "nobody may delete a version or bypass the lock"
  }
}

run "the_trail_is_locked_and_kept_for_the_retention_and_then_goes" {
  command = plan

  variables {
    retention_days = 731
  }

  assert {
    condition     = one(module.trail_bucket.object_lock) == { mode = "GOVERNANCE", days = 731 }
    error_message = "the lock must last as long as the retention"
  }
  assert {
    condition     = module.trail_bucket.expire_days == { everything = 731 } && module.config_bucket["this"].expire_days == { everything = 731 }
    error_message = "what is due must go: the lifecycle has no end, or another one"
  }
}

run "a_second_copy_in_cloudwatch_logs_is_encrypted_and_kept" {
  command = plan

  variables {
    log_group_days = 400
  }

  assert {
    condition     = aws_cloudwatch_log_group.trail[0].retention_in_days == 400 && aws_cloudwatch_log_group.trail[0].kms_key_id == var.logs_key_arn
    error_message = "the log group must be encrypted with the key logs, and kept for the days given"
  }
  assert {
    condition = jsondecode(aws_iam_role_policy.log_delivery[0].policy).Statement == [{
      Sid      = "WriteEvents"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "arn:aws:logs:ap-south-1:111122223333:log-group:/aws/cloudtrail/kosha-test-audit:log-stream:111122223333_CloudTrail_*"
    }]
    error_message = "CloudTrail may write its own streams only"
  }
  assert {
    condition     = aws_iam_role.log_delivery[0].permissions_boundary == var.permissions_boundary_arn
    error_message = "the role has no boundary"
  }
  assert {
    condition     = aws_cloudtrail.this.cloud_watch_logs_group_arn == "arn:aws:logs:ap-south-1:111122223333:log-group:/aws/cloudtrail/kosha-test-audit:*"
    error_message = "the trail does not deliver to the group"
  }
}

run "detectors_watch_both_regions" {
  command = plan

  assert {
    condition = (
      one(aws_accessanalyzer_analyzer.primary).type == "ACCOUNT" && one(aws_accessanalyzer_analyzer.recovery).type == "ACCOUNT" &&
      one(aws_guardduty_detector.primary).enable && one(aws_guardduty_detector.recovery).enable
    )
    error_message = "Access Analyzer and GuardDuty belong in both regions"
  }
  assert {
    condition = alltrue([for features in [aws_guardduty_detector_feature.primary, aws_guardduty_detector_feature.recovery] :
      { for name, feature in features : name => feature.status } == { EBS_MALWARE_PROTECTION = "ENABLED", EKS_AUDIT_LOGS = "ENABLED", S3_DATA_EVENTS = "ENABLED" }
    ])
    error_message = "a feature of GuardDuty is missing in a region"
  }
}

run "config_records_what_its_rules_look_at_and_delivers_to_a_bucket_without_a_lock" {
  command = plan

  assert {
    condition = { for name, rule in aws_config_config_rule.this : name => rule.source[0].source_identifier } == {
      cloud-trail-log-file-validation-enabled    = "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED"
      efs-encrypted-check                        = "EFS_ENCRYPTED_CHECK"
      encrypted-volumes                          = "ENCRYPTED_VOLUMES"
      iam-policy-no-statements-with-admin-access = "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS"
      kms-cmk-not-scheduled-for-deletion         = "KMS_CMK_NOT_SCHEDULED_FOR_DELETION"
      required-tags                              = "REQUIRED_TAGS"
      restricted-ssh                             = "INCOMING_SSH_DISABLED"
      s3-bucket-public-read-prohibited           = "S3_BUCKET_PUBLIC_READ_PROHIBITED"
      s3-bucket-replication-enabled              = "S3_BUCKET_REPLICATION_ENABLED"
      s3-bucket-server-side-encryption-enabled   = "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED"
    }
    error_message = "the rules differ: ${jsonencode(keys(aws_config_config_rule.this))}"
  }
  assert {
    condition = (
      aws_config_config_rule.this["required-tags"].scope[0].tag_key == "ebs.csi.aws.com/cluster" &&
      aws_config_config_rule.this["required-tags"].input_parameters == "{\"tag1Key\":\"kosha:backup\"}"
    )
    error_message = "a volume of the cluster without the tag that says how it is backed up must break the rule"
  }
  assert {
    condition = (
      aws_config_config_rule.this["s3-bucket-replication-enabled"].scope[0].compliance_resource_id == var.lake_bucket &&
      length(aws_config_config_rule.this["s3-bucket-public-read-prohibited"].scope) == 0
    )
    error_message = "replication is asked of the lake alone, everything else of all"
  }
  assert {
    condition = (
      aws_config_delivery_channel.this["this"].s3_bucket_name == "kosha-test-config-ap-south-1" && aws_config_delivery_channel.this["this"].s3_kms_key_arn == var.key_arn &&
      length(module.config_bucket["this"].object_lock) == 0 && aws_config_configuration_recorder_status.this["this"].is_enabled
    )
    error_message = "Config must deliver, encrypted, to a bucket without Object Lock"
  }
  assert {
    condition = [for statement in jsondecode(module.config_bucket["this"].policy).Statement : statement if statement.Effect == "Allow"] == [
      {
        Sid       = "ConfigChecksBucket"
        Effect    = "Allow"
        Principal = { Service = "config.amazonaws.com" }
        Action    = ["s3:GetBucketAcl", "s3:ListBucket"]
        Resource  = "arn:aws:s3:::kosha-test-config-ap-south-1"
        Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } }
      },
      {
        Sid       = "ConfigWritesHistory"
        Effect    = "Allow"
        Principal = { Service = "config.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "arn:aws:s3:::kosha-test-config-ap-south-1/AWSLogs/111122223333/Config/*"
        Condition = { StringEquals = { "aws:SourceAccount" = "111122223333", "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
    ]
    error_message = "only Config of this account may write, below AWSLogs/<account>/Config: ${module.config_bucket["this"].policy}"
  }
}

run "config_reads_with_the_role_aws_has_for_it" {
  command = plan

  assert {
    condition = (
      aws_config_configuration_recorder.this["this"].role_arn == "arn:aws:iam::111122223333:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig" &&
      length(aws_iam_service_linked_role.config) == 0
    )
    error_message = "an account that has the role must use it, and not get it again"
  }
}

run "an_account_that_never_used_config_gets_its_role" {
  command = plan

  variables {
    create_config_service_linked_role = true
  }

  assert {
    condition = (
      aws_iam_service_linked_role.config["this"].aws_service_name == "config.amazonaws.com" &&
      aws_config_configuration_recorder.this["this"].role_arn == aws_iam_service_linked_role.config["this"].arn
    )
    error_message = "the recorder must wait for the role that is made, and use it"
  }
}

run "what_costs_money_can_be_left_out" {
  command = plan

  variables {
    access_analyzer                   = false
    guardduty                         = false
    config_rules                      = []
    create_config_service_linked_role = true
  }

  assert {
    condition = (
      length(aws_accessanalyzer_analyzer.primary) + length(aws_accessanalyzer_analyzer.recovery) + length(aws_guardduty_detector.primary) +
      length(aws_guardduty_detector.recovery) + length(aws_guardduty_detector_feature.primary) + length(aws_guardduty_detector_feature.recovery) == 0
    )
    error_message = "a detector is left"
  }
  assert {
    condition = (
      length(aws_config_configuration_recorder.this) + length(aws_config_delivery_channel.this) + length(aws_config_config_rule.this) +
      length(module.config_bucket) + length(aws_iam_service_linked_role.config) == 0 && output.config_bucket == null
    )
    error_message = "something of Config is left"
  }
  assert {
    condition     = keys(module.notices.rules) == [for rule in ["bucket-guards", "keys", "tagging", "trails"] : "kosha-test-audit-${rule}"]
    error_message = "calls are told all the same, findings not: ${jsonencode(keys(module.notices.rules))}"
  }
}

run "one_rule_alone_has_what_config_needs" {
  command = plan

  variables {
    config_rules = ["restricted-ssh"]
  }

  assert {
    condition     = keys(aws_config_config_rule.this) == ["restricted-ssh"] && length(aws_config_configuration_recorder.this) == 1
    error_message = "a single rule needs the recorder too"
  }
}

run "calls_worth_an_alarm_are_told" {
  command = plan

  assert {
    condition     = keys(module.notices.rules) == [for rule in ["access-analyzer", "bucket-guards", "config", "guardduty", "keys", "tagging", "trails"] : "kosha-test-audit-${rule}"]
    error_message = "the rules differ: ${jsonencode(keys(module.notices.rules))}"
  }
  assert {
    condition = alltrue(concat(
      [for call in ["PutBucketPolicy", "DeleteBucketPolicy", "PutBucketEncryption"] : contains(jsondecode(module.notices.rules["kosha-test-audit-bucket-guards"]).detail.eventName, call)],
      [for call in ["PutObjectTagging", "DeleteObjectTagging"] : contains(jsondecode(module.notices.rules["kosha-test-audit-tagging"]).detail.eventName, call)],
      [for call in ["StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"] : contains(jsondecode(module.notices.rules["kosha-test-audit-trails"]).detail.eventName, call)],
      [for call in ["ScheduleKeyDeletion", "DisableKey", "PutKeyPolicy"] : contains(jsondecode(module.notices.rules["kosha-test-audit-keys"]).detail.eventName, call)],
    ))
    error_message = "a call is not told"
  }
  assert {
    condition     = jsondecode(module.notices.rules["kosha-test-audit-bucket-guards"]).detail.requestParameters.bucketName == ["kosha-test-lake-ap-south-1", "kosha-test-lake-ap-south-2", "kosha-test-reports-ap-south-1", "kosha-test-audit-ap-south-1", "kosha-test-config-ap-south-1"]
    error_message = "a bucket's guards are not watched"
  }
  assert {
    condition = jsondecode(module.notices.rules["kosha-test-audit-tagging"]).detail.userIdentity == {
      sessionContext = { sessionIssuer = { arn = [{ "anything-but" = ["arn:aws:iam::111122223333:role/kosha-test-object-tagger"] }, { exists = false }] } }
    }
    error_message = "tagging by anybody but the functions is told, by users and the root user, who have no session issuer, too"
  }
}

run "refuses_to_be_told_of_every_object_the_functions_tag" {
  command = plan

  variables {
    tagging_role_arns = []
  }

  expect_failures = [var.tagging_role_arns]
}

run "refuses_to_keep_the_trail_for_a_year_less_a_day" {
  command = plan

  variables {
    retention_days = 364
  }

  expect_failures = [var.retention_days]
}

run "refuses_a_log_group_without_its_key" {
  command = plan

  variables {
    log_group_days = 400
    logs_key_arn   = null
  }

  expect_failures = [var.logs_key_arn]
}

# One run for all: each plans the whole module, whatever it refuses.
run "refuses_every_value_that_cannot_be" {
  command = plan

  variables {
    # a name that is no prefix
    name = "kosha"
    # a key alias
    key_arn = "alias/kosha-test-audit"
    # a boundary that is none
    permissions_boundary_arn = "kosha-test-boundary"
    # a topic that is none
    topic_arn = "platform"
    # tagging roles by wildcard
    tagging_role_arns = ["arn:aws:iam::111122223333:role/*"]
    # a log group for half a year
    log_group_days = 180
    # a feature guardduty has not
    guardduty_features = ["TAPE_MALWARE_PROTECTION"]
    # a rule nobody described
    config_rules = ["root-account-mfa-enabled"]
  }

  expect_failures = [
    var.name,
    var.key_arn,
    var.permissions_boundary_arn,
    var.topic_arn,
    var.tagging_role_arns,
    var.log_group_days,
    var.guardduty_features,
    var.config_rules,
  ]
}
