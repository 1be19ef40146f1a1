mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

mock_provider "aws" {
  alias = "recovery"
}

variables {
  name            = "kosha-local"
  region          = "ap-south-1"
  recovery_region = "ap-south-2"
  launching_role_arns = {
    autoscaling = "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    spot        = "arn:aws:iam::111122223333:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
  }
}

run "every_purpose_has_a_rotated_multi_region_key_with_a_replica" {
  command = plan

  assert {
    condition = keys(aws_kms_key.this) == [
      "alerts", "audit", "backup", "cluster", "functions", "images", "lake", "logs", "storage", "volumes",
    ]
    error_message = "purposes differ from docs/architecture.md: ${jsonencode(keys(aws_kms_key.this))}"
  }
  assert {
    condition     = alltrue([for key in aws_kms_key.this : key.multi_region && key.enable_key_rotation && key.deletion_window_in_days == 30])
    error_message = "every primary key is multi-region, rotated, and deleted after 30 days at the earliest"
  }
  assert {
    condition     = keys(aws_kms_replica_key.recovery) == keys(aws_kms_key.this) && alltrue([for key in aws_kms_replica_key.recovery : key.deletion_window_in_days == 30])
    error_message = "every key has a replica, deleted after 30 days at the earliest"
  }
  assert {
    condition     = aws_kms_alias.this["lake"].name == "alias/kosha-local-lake" && aws_kms_alias.recovery["lake"].name == "alias/kosha-local-lake"
    error_message = "a key and its replica bear the same alias, alias/<name>-<purpose>"
  }
  assert {
    condition     = length(aws_kms_alias.this) == 10 && length(aws_kms_alias.recovery) == 10
    error_message = "ten aliases in each region"
  }
}

run "a_replica_has_the_policy_of_its_primary_but_for_the_region" {
  command = plan

  assert {
    condition = alltrue([
      for purpose, key in aws_kms_key.this :
      replace(key.policy, "ap-south-1", "ap-south-2") == aws_kms_replica_key.recovery[purpose].policy
    ])
    error_message = "the policy of a replica differs from its primary's in more than the region"
  }
  assert {
    condition     = alltrue([for key in aws_kms_replica_key.recovery : !strcontains(key.policy, "ap-south-1")])
    error_message = "the policy of a replica names the primary region: it would not work when that region is lost"
  }
}

run "nobody_outside_the_account_may_use_a_key" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for key in aws_kms_key.this : [
        for statement in jsondecode(key.policy).Statement : (
          can(statement.Principal.Service) ||
          try(statement.Principal.AWS, "*") == "arn:aws:iam::111122223333:root" ||
          try(toset(statement.Principal.AWS), []) == toset(values(var.launching_role_arns))
        )
      ]
    ]))
    error_message = "a key policy names a principal that is neither this account, a service, nor a role that starts nodes"
  }
  assert {
    condition = alltrue(flatten([
      for key in aws_kms_key.this : [
        for statement in jsondecode(key.policy).Statement : [for action in flatten([statement.Action]) : action != "kms:*"]
      ]
    ]))
    error_message = "a key policy allows kms:*"
  }
  assert {
    condition = toset(flatten([
      for key in aws_kms_key.this : [
        for statement in jsondecode(key.policy).Statement : flatten([try(statement.Principal.Service, [])])
      ]
    ])) == toset(["logs.ap-south-1.amazonaws.com", "cloudwatch.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com", "cloudtrail.amazonaws.com", "config.amazonaws.com", "budgets.amazonaws.com", "costalerts.amazonaws.com"])
    error_message = "the service principals in the key policies are not exactly those that are needed"
  }
  assert {
    condition = [
      for purpose, key in aws_kms_key.this : purpose
      if anytrue([for statement in jsondecode(key.policy).Statement : can(statement.Principal.Service)])
    ] == ["alerts", "audit", "logs"]
    error_message = "a service principal may use a key that is not for it"
  }
}

run "account_principals_use_a_key_only_through_its_service" {
  command = plan

  assert {
    condition = {
      for purpose, key in aws_kms_key.this : purpose => flatten([
        for statement in jsondecode(key.policy).Statement : try(statement.Condition.StringEquals["kms:ViaService"], "any service")
        if statement.Sid == "UseThroughServiceByIamPolicy"
      ])
      } == {
      alerts    = ["sns.ap-south-1.amazonaws.com", "sqs.ap-south-1.amazonaws.com"]
      audit     = ["s3.ap-south-1.amazonaws.com"]
      backup    = ["backup.ap-south-1.amazonaws.com", "ec2.ap-south-1.amazonaws.com"]
      cluster   = []
      functions = ["lambda.ap-south-1.amazonaws.com", "s3.ap-south-1.amazonaws.com", "scheduler.ap-south-1.amazonaws.com"]
      images    = ["ecr.ap-south-1.amazonaws.com"]
      lake      = ["s3.ap-south-1.amazonaws.com"]
      logs      = ["logs.ap-south-1.amazonaws.com"]
      storage   = ["elasticfilesystem.ap-south-1.amazonaws.com"]
      volumes   = ["ec2.ap-south-1.amazonaws.com"]
    }
    error_message = "a key may be used through other services than its own"
  }
  assert {
    condition = alltrue(flatten([
      for key in aws_kms_key.this : [
        for statement in jsondecode(key.policy).Statement : [
          for action in statement.Action : !anytrue([
            for use in ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncrypt", "kms:CreateGrant"] : startswith(action, use)
          ])
        ] if statement.Sid == "AdministerByIamPolicy"
      ]
    ]))
    error_message = "who administers a key may also use it"
  }
  assert {
    condition = alltrue(flatten([
      for key in aws_kms_key.this : [
        for statement in jsondecode(key.policy).Statement : statement.Condition.Bool["kms:GrantIsForAWSResource"] == "true"
        if contains(statement.Action, "kms:CreateGrant")
      ]
    ]))
    error_message = "a grant may be made for something that is not an AWS resource"
  }
}

run "logs_are_encrypted_for_log_groups_of_this_account_only" {
  command = plan

  assert {
    condition = one([
      for statement in jsondecode(aws_kms_key.this["logs"].policy).Statement :
      statement.Condition.ArnLike["kms:EncryptionContext:aws:logs:arn"] if statement.Sid == "EncryptLogGroupsOfThisAccount"
    ]) == "arn:aws:logs:ap-south-1:111122223333:log-group:*"
    error_message = "CloudWatch Logs may encrypt log groups of other accounts or regions"
  }
}

run "alarms_reach_encrypted_topics_and_events_carry_no_source_condition" {
  command = plan

  assert {
    condition = one([
      for statement in jsondecode(aws_kms_key.this["alerts"].policy).Statement :
      try(statement.Condition.StringEquals["aws:SourceAccount"], "any account") if statement.Sid == "PublishAlarmsAndDeliverToQueues"
    ]) == "111122223333"
    error_message = "alarms of other accounts may use the key"
  }
  assert {
    condition = one([
      for statement in jsondecode(aws_kms_key.this["alerts"].policy).Statement :
      !can(statement.Condition) if statement.Sid == "DeliverEvents"
    ])
    error_message = "EventBridge states no source to KMS: a condition on it loses every event"
  }
}

run "cloudtrail_uses_its_key_for_the_one_trail_only" {
  command = plan

  assert {
    condition = [
      for statement in jsondecode(aws_kms_key.this["audit"].policy).Statement : [statement.Action, statement.Condition.ArnEquals["aws:SourceArn"]]
      if try(statement.Principal.Service, "") == "cloudtrail.amazonaws.com"
      ] == [
      [["kms:GenerateDataKey*"], "arn:aws:cloudtrail:ap-south-1:111122223333:trail/kosha-local-audit"],
      [["kms:Decrypt", "kms:DescribeKey"], "arn:aws:cloudtrail:ap-south-1:111122223333:trail/kosha-local-audit"],
    ]
    error_message = "CloudTrail may use the key for other trails, or for more than its files"
  }
  assert {
    condition = one([
      for statement in jsondecode(aws_kms_key.this["audit"].policy).Statement :
      statement.Condition.StringEquals["kms:EncryptionContext:aws:cloudtrail:arn"] if statement.Sid == "EncryptTrail"
    ]) == "arn:aws:cloudtrail:ap-south-1:111122223333:trail/kosha-local-audit"
    error_message = "the encryption context must be the trail"
  }
}

run "config_uses_its_key_for_this_account_only" {
  command = plan

  assert {
    condition = [
      for statement in jsondecode(aws_kms_key.this["audit"].policy).Statement : [statement.Action, statement.Condition]
      if try(statement.Principal.Service, "") == "config.amazonaws.com"
    ] == [[["kms:Decrypt", "kms:GenerateDataKey"], { StringEquals = { "aws:SourceAccount" = "111122223333" } }]]
    error_message = "Config may use the key for other accounts, or for more than its files"
  }
}

run "roles_that_start_nodes_use_volumes_and_nothing_else" {
  command = plan

  assert {
    condition = alltrue([for arn in values(var.launching_role_arns) : [
      for purpose, key in aws_kms_key.this : purpose if strcontains(key.policy, arn)
    ] == ["volumes"]])
    error_message = "the roles of Auto Scaling and Spot belong in the policy of the key `volumes` and in no other"
  }
}

run "a_name_without_environment_is_refused" {
  command = plan
  variables {
    name = "kosha"
  }
  expect_failures = [var.name]
}

run "a_malformed_region_is_refused" {
  command = plan
  variables {
    region = "mumbai"
  }
  expect_failures = [var.region]
}

run "a_malformed_recovery_region_is_refused" {
  command = plan
  variables {
    recovery_region = "hyderabad"
  }
  expect_failures = [var.recovery_region]
}

run "a_replica_in_the_primary_region_is_refused" {
  command = plan
  variables {
    recovery_region = "ap-south-1"
  }
  expect_failures = [var.recovery_region]
}

run "a_role_that_is_not_spots_is_refused" {
  command = plan
  variables {
    launching_role_arns = {
      autoscaling = "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
      spot        = "arn:aws:iam::111122223333:role/admin"
    }
  }
  expect_failures = [var.launching_role_arns]
}
