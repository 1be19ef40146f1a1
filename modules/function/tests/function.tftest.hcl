# What one function becomes. Policies are read back from their JSON, as AWS would read them.

mock_provider "aws" {
  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "111122223333" }
  }
  override_data {
    target = data.aws_partition.current
    values = { partition = "aws" }
  }
  override_data {
    target = data.aws_region.current
    values = { name = "ap-south-1" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:ap-south-1:111122223333:function:kosha-test-transfer-starter" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/made-here" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:ap-south-1:111122223333:kosha-test-transfer-starter-dead-letters" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-south-1:111122223333:log-group:/aws/lambda/kosha-test-transfer-starter" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:ap-south-1:111122223333:rule/mock" }
  }
}

variables {
  name            = "kosha-test"
  function        = "transfer_starter"
  description     = "Starts the transfer unless it is under way"
  archive         = "../../modules/function/tests/function.zip"
  archive_bucket  = "kosha-test-code-ap-south-1"
  layer_arns      = ["arn:aws:lambda:ap-south-1:111122223333:layer:kosha-test-dependencies:1"]
  environment     = { TRANSFER_TASK_ARN = "arn:aws:datasync:ap-south-1:111122223333:task/task-1" }
  alarm_topic_arn = "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform"
  alarms = {
    errors       = { above = 0, period = 300, periods = 1, missing = "notBreaching" }
    throttles    = { above = 0, period = 300, periods = 3, missing = "notBreaching" }
    dead_letters = { above = 0, period = 300, periods = 1, missing = "notBreaching" }
    failures     = { above = 0, period = 300, periods = 1, missing = "notBreaching" }
  }
  key_arns = {
    functions = "arn:aws:kms:ap-south-1:111122223333:key/functions"
    logs      = "arn:aws:kms:ap-south-1:111122223333:key/logs"
    alerts    = "arn:aws:kms:ap-south-1:111122223333:key/alerts"
  }
  permissions = [
    {
      sid       = "StartTransfer"
      actions   = ["datasync:StartTaskExecution", "datasync:DescribeTask"]
      resources = ["arn:aws:datasync:ap-south-1:111122223333:task/task-1"]
    },
    {
      sid       = "EncryptNotices"
      actions   = ["kms:GenerateDataKey"]
      resources = ["arn:aws:kms:ap-south-1:111122223333:key/alerts"]
      conditions = [
        { test = "StringEquals", variable = "kms:ViaService", values = ["sns.ap-south-1.amazonaws.com"] },
        { test = "StringEquals", variable = "kms:CallerAccount", values = ["111122223333"] },
        { test = "Null", variable = "kms:EncryptionContext:aws:sns:topicArn", values = ["false"] },
      ]
    },
  ]
  failure_metrics = { TransferStartFailures = "No transfer could be started." }
  heartbeat_hours = 2
  schedules = {
    half-hour = {
      expression = "cron(0/30 * * * ? *)"
      timezone   = "Asia/Kolkata"
      input      = { mode = "usual" }
    }
  }
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

run "function_is_encrypted_traced_and_bounded" {
  command = apply

  assert {
    condition     = aws_lambda_function.this.function_name == "kosha-test-transfer-starter" && aws_lambda_function.this.handler == "transfer_starter.handler.handler"
    error_message = "Name and handler must follow from the package."
  }
  assert {
    condition     = aws_lambda_function.this.runtime == "python3.13" && aws_lambda_function.this.architectures == tolist(["arm64"])
    error_message = "Functions run on python3.13, arm64."
  }
  assert {
    condition     = aws_lambda_function.this.source_code_hash == filebase64sha256("../../modules/function/tests/function.zip")
    error_message = "The hash of the zip decides whether the code is replaced."
  }
  assert {
    condition = (
      [aws_s3_object.archive.bucket, aws_s3_object.archive.key, aws_s3_object.archive.kms_key_id] == ["kosha-test-code-ap-south-1", "functions/kosha-test-transfer-starter.zip", var.key_arns.functions] &&
      [aws_lambda_function.this.s3_bucket, aws_lambda_function.this.s3_key, aws_lambda_function.this.s3_object_version] == [aws_s3_object.archive.bucket, aws_s3_object.archive.key, aws_s3_object.archive.version_id]
    )
    error_message = "Lambda takes the version of the zip that was put into the bucket, under the functions key."
  }
  assert {
    condition     = aws_lambda_function.this.layers == tolist(var.layer_arns)
    error_message = "The dependencies must reach the function."
  }
  assert {
    condition     = aws_lambda_function.this.kms_key_arn == var.key_arns.functions && aws_lambda_function.this.environment[0].variables == tomap(var.environment)
    error_message = "The environment must reach the function, under the functions key."
  }
  assert {
    condition     = aws_lambda_function.this.tracing_config[0].mode == "Active" && aws_lambda_function.this.reserved_concurrent_executions == 1
    error_message = "Tracing is on and concurrency bounded."
  }
  assert {
    condition     = try(aws_lambda_function.this.dead_letter_config[0].target_arn, "nowhere") == aws_sqs_queue.dead_letter.arn
    error_message = "Failed events go to the dead-letter queue."
  }
  assert {
    condition     = length(aws_lambda_function.this.vpc_config) == 0 && length(aws_lambda_function.this.file_system_config) == 0
    error_message = "A function without network and file system stays out of the VPC."
  }
  assert {
    condition     = aws_lambda_function_event_invoke_config.this.maximum_retry_attempts == 2 && aws_lambda_function_event_invoke_config.this.maximum_event_age_in_seconds == 3600
    error_message = "Failed invocations are tried twice more within an hour."
  }
  assert {
    condition     = aws_iam_role.this[0].permissions_boundary == var.permissions_boundary_arn
    error_message = "A role without the boundary can do whatever its policies say."
  }
}

run "logs_are_kept_for_400_days_under_the_logs_key" {
  command = apply

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 400 && aws_cloudwatch_log_group.this.kms_key_id == var.key_arns.logs
    error_message = "The log group needs its key and retention."
  }
  assert {
    condition     = aws_lambda_function.this.logging_config[0].log_group == "/aws/lambda/kosha-test-transfer-starter"
    error_message = "The function must name the log group, so that the group is made first."
  }
}

run "identity_policy_is_exactly_what_was_declared" {
  command = apply

  assert {
    condition = jsondecode(aws_iam_role_policy.permissions.policy) == {
      Version = "2012-10-17"
      Statement = [
        {
          Sid      = "StartTransfer"
          Effect   = "Allow"
          Action   = ["datasync:StartTaskExecution", "datasync:DescribeTask"]
          Resource = ["arn:aws:datasync:ap-south-1:111122223333:task/task-1"]
        },
        {
          Sid      = "EncryptNotices"
          Effect   = "Allow"
          Action   = ["kms:GenerateDataKey"]
          Resource = ["arn:aws:kms:ap-south-1:111122223333:key/alerts"]
          Condition = {
            StringEquals = {
              "kms:ViaService"    = ["sns.ap-south-1.amazonaws.com"]
              "kms:CallerAccount" = ["111122223333"]
            }
            Null = { "kms:EncryptionContext:aws:sns:topicArn" = ["false"] }
          }
        },
      ]
    }
    error_message = "The permissions policy must hold the declared statements and nothing else."
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.runtime.policy).Statement : s.Sid] == ["WriteLogs", "WriteTraces", "SendDeadLetters", "EncryptDeadLetters", "DecryptEnvironment"]
    error_message = "The runtime policy must hold logs, traces, dead letters and the environment only."
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.runtime.policy).Statement : s.Sid if contains(s.Resource, "*")] == ["WriteTraces"]
    error_message = "Only tracing knows no resources."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.runtime.policy).Statement[0].Resource == ["${aws_cloudwatch_log_group.this.arn}:*"]
    error_message = "The function writes to its own log group only."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.runtime.policy).Statement[4].Condition.StringEquals["kms:EncryptionContext:aws:lambda:FunctionArn"] == "arn:aws:lambda:ap-south-1:111122223333:function:kosha-test-transfer-starter"
    error_message = "The functions key opens this function's environment only."
  }
  assert {
    condition     = jsondecode(aws_iam_role.this[0].assume_role_policy).Statement == [{ Sid = "Lambda", Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
    error_message = "Only Lambda may take the role."
  }
}

run "dead_letters_wait_encrypted_for_14_days" {
  command = apply

  assert {
    condition     = aws_sqs_queue.dead_letter.message_retention_seconds == 1209600 && aws_sqs_queue.dead_letter.kms_master_key_id == var.key_arns.alerts
    error_message = "Dead letters wait 14 days under the alerts key."
  }
  assert {
    condition     = [for s in jsondecode(aws_sqs_queue.dead_letter.policy).Statement : s.Sid] == ["OnlyOverTls"]
    error_message = "Without event rules nobody else may send."
  }
}

run "alarms_reach_the_topic_and_name_the_runbook" {
  command = apply

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["TransferStartFailures", "dead-letters", "errors", "throttles"]
    error_message = "Errors, throttles, dead letters and the function's own failures each have an alarm."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["TransferStartFailures"].namespace == "Kosha" && aws_cloudwatch_metric_alarm.this["TransferStartFailures"].dimensions == tomap({ service = "transfer_starter" })
    error_message = "A failure the function counts itself is watched under its service name."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : contains(alarm.alarm_actions, var.alarm_topic_arn) && endswith(alarm.alarm_description, "Runbook: docs/runbooks/transfer-starter.md")])
    error_message = "Every alarm goes to the topic and says which runbook helps."
  }
  assert {
    condition     = alltrue([for alarm in merge(aws_cloudwatch_metric_alarm.this, aws_cloudwatch_metric_alarm.heartbeat) : alarm.actions_enabled != false])
    error_message = "An alarm that may not act tells nobody."
  }
  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => [alarm.threshold, alarm.period, alarm.evaluation_periods, alarm.datapoints_to_alarm] } == {
      TransferStartFailures = [0, 300, 1, 1]
      dead-letters          = [0, 300, 1, 1]
      errors                = [0, 300, 1, 1]
      throttles             = [0, 300, 3, 3]
    }
    error_message = "Alarms tell at the numbers they are given: a single failure, and throttles of a quarter of an hour."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.treat_missing_data == "notBreaching"])
    error_message = "A quiet time ends an alarm; one that stays red does not tell of the next failure."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["dead-letters"].dimensions == tomap({ QueueName = "kosha-test-transfer-starter-dead-letters" }) && aws_cloudwatch_metric_alarm.this["errors"].dimensions == tomap({ FunctionName = "kosha-test-transfer-starter" })
    error_message = "Alarms watch this function and its queue."
  }
}

run "silence_raises_an_alarm" {
  command = apply

  assert {
    condition     = output.schedule_states == { half-hour = "ENABLED" }
    error_message = "The schedule calls the function."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.heartbeat["heartbeat"].evaluation_periods == 2 && aws_cloudwatch_metric_alarm.heartbeat["heartbeat"].treat_missing_data == "breaching"
    error_message = "A function that has not run for heartbeat_hours raises an alarm, and no data means that it has not run."
  }
  assert {
    condition     = contains(aws_cloudwatch_metric_alarm.heartbeat["heartbeat"].alarm_actions, var.alarm_topic_arn) && endswith(aws_cloudwatch_metric_alarm.heartbeat["heartbeat"].alarm_description, "Runbook: docs/runbooks/transfer-starter.md")
    error_message = "The alarm goes to the topic and says which runbook helps."
  }
}

run "where_schedules_are_off_they_exist_and_nothing_is_missed" {
  command = apply

  variables {
    schedules_enabled = false
  }

  assert {
    condition     = output.schedule_states == { half-hour = "DISABLED" }
    error_message = "The schedule exists and calls nobody."
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.heartbeat) == 0
    error_message = "A function that nobody is to call raises no alarm because it does not run."
  }
}

run "log_filters_call_the_function_and_nobody_else_may" {
  command = apply

  variables {
    log_filters = { api-server = { log_group_name = "/aws/eks/kosha-test/cluster", pattern = "?ERROR" } }
  }

  assert {
    condition     = aws_cloudwatch_log_subscription_filter.this["api-server"].log_group_name == "/aws/eks/kosha-test/cluster" && aws_cloudwatch_log_subscription_filter.this["api-server"].filter_pattern == "?ERROR"
    error_message = "The filter watches the log group with its pattern."
  }
  assert {
    condition     = aws_lambda_permission.log_filter["api-server"].source_arn == "arn:aws:logs:ap-south-1:111122223333:log-group:/aws/eks/kosha-test/cluster:*" && aws_lambda_permission.log_filter["api-server"].principal == "logs.ap-south-1.amazonaws.com"
    error_message = "CloudWatch Logs may call the function for this log group only."
  }
}

run "instances_of_one_package_have_names_of_their_own_and_one_runbook" {
  command = apply

  variables {
    instance = "second"
  }

  assert {
    condition     = aws_lambda_function.this.function_name == "kosha-test-transfer-starter-second" && aws_lambda_function.this.handler == "transfer_starter.handler.handler"
    error_message = "The package's handler runs under the instance's name."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["TransferStartFailures"].dimensions == tomap({ service = "transfer_starter_second" }) && endswith(aws_cloudwatch_metric_alarm.this["errors"].alarm_description, "docs/runbooks/transfer-starter.md")
    error_message = "Metrics are told apart by instance; the runbook is the package's."
  }
}

run "schedule_may_call_this_function_only" {
  command = apply

  assert {
    condition     = aws_scheduler_schedule.this["half-hour"].schedule_expression == "cron(0/30 * * * ? *)" && aws_scheduler_schedule.this["half-hour"].schedule_expression_timezone == "Asia/Kolkata"
    error_message = "The schedule keeps its expression and timezone."
  }
  assert {
    condition     = jsondecode(aws_scheduler_schedule.this["half-hour"].target[0].input) == { schedule = "half-hour", mode = "usual" } && aws_scheduler_schedule.this["half-hour"].name == "kosha-test-transfer-starter-half-hour"
    error_message = "The event says which schedule calls, and what else was asked for."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.schedule[0].policy).Statement[3].Condition.StringEquals["kms:EncryptionContext:aws:scheduler:schedule:arn"] == ["arn:aws:scheduler:ap-south-1:111122223333:schedule/default/kosha-test-transfer-starter-half-hour"]
    error_message = "The functions key opens these schedules only."
  }
  assert {
    condition     = aws_scheduler_schedule.this["half-hour"].kms_key_arn == var.key_arns.functions && aws_scheduler_schedule.this["half-hour"].flexible_time_window[0].mode == "OFF"
    error_message = "The schedule is encrypted and on time."
  }
  assert {
    condition     = aws_scheduler_schedule.this["half-hour"].target[0].dead_letter_config[0].arn == aws_sqs_queue.dead_letter.arn && aws_scheduler_schedule.this["half-hour"].target[0].retry_policy[0].maximum_event_age_in_seconds == 900
    error_message = "A call that cannot be made is tried again for 15 minutes, then kept as a dead letter."
  }
  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.schedule[0].policy).Statement : [s.Action, s.Resource]] == [
      [["lambda:InvokeFunction"], ["arn:aws:lambda:ap-south-1:111122223333:function:kosha-test-transfer-starter"]],
      [["sqs:SendMessage"], ["arn:aws:sqs:ap-south-1:111122223333:kosha-test-transfer-starter-dead-letters"]],
      [["kms:GenerateDataKey", "kms:Decrypt"], ["arn:aws:kms:ap-south-1:111122223333:key/alerts"]],
      [["kms:Decrypt"], ["arn:aws:kms:ap-south-1:111122223333:key/functions"]],
    ]
    error_message = "The schedule's role may call this function and write its dead letters, nothing else."
  }
  assert {
    condition     = try(jsondecode(aws_iam_role.schedule[0].assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceArn"], "any schedule") == "arn:aws:scheduler:ap-south-1:111122223333:schedule-group/default"
    error_message = "Only this account's schedules may take the role."
  }
  assert {
    condition     = length(aws_cloudwatch_event_rule.this) == 0 && length(aws_lambda_permission.event) == 0
    error_message = "Without event patterns there is no rule and nobody else may call the function."
  }
}

run "event_rules_call_the_function_and_keep_what_they_cannot_deliver" {
  command = apply

  variables {
    schedules = {}
    event_patterns = {
      transfer-succeeded = "{\"source\":[\"aws.datasync\"],\"detail-type\":[\"DataSync Task Execution State Change\"]}"
    }
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this["transfer-succeeded"].name == "kosha-test-transfer-starter-transfer-succeeded"
    error_message = "Rules are named after the function and the pattern."
  }
  assert {
    condition     = aws_lambda_permission.event["transfer-succeeded"].source_arn == "arn:aws:events:ap-south-1:111122223333:rule/mock" && aws_lambda_permission.event["transfer-succeeded"].principal == "events.amazonaws.com"
    error_message = "Only the rule may call the function."
  }
  assert {
    condition     = aws_cloudwatch_event_target.this["transfer-succeeded"].dead_letter_config[0].arn == aws_sqs_queue.dead_letter.arn && aws_cloudwatch_event_target.this["transfer-succeeded"].retry_policy[0].maximum_event_age_in_seconds == 86400
    error_message = "Delivery is tried for a day, then kept as a dead letter."
  }
  assert {
    condition     = try(jsondecode(aws_sqs_queue.dead_letter.policy).Statement[1].Condition.ArnEquals["aws:SourceArn"], ["any rule"]) == ["arn:aws:events:ap-south-1:111122223333:rule/mock"]
    error_message = "Only these rules may send dead letters."
  }
  assert {
    condition     = length(aws_scheduler_schedule.this) == 0 && length(aws_iam_role.schedule) == 0
    error_message = "Without a schedule there is no schedule role."
  }
}

run "a_client_role_mounts_the_file_system" {
  command = apply

  variables {
    role_arn    = "arn:aws:iam::111122223333:role/kosha-test-scratch-cleaner"
    network     = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"] }
    file_system = { access_point_arn = "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-1", mount_path = "/mnt/scratch" }
  }

  assert {
    condition     = length(aws_iam_role.this) == 0 && aws_lambda_function.this.role == var.role_arn && aws_iam_role_policy.permissions.role == "kosha-test-scratch-cleaner"
    error_message = "The given role is used and gets the policies."
  }
  assert {
    condition     = one(aws_lambda_function.this.file_system_config).local_mount_path == "/mnt/scratch" && one(aws_lambda_function.this.vpc_config).security_group_ids == toset(["sg-1"])
    error_message = "The function mounts the access point inside the VPC."
  }
  assert {
    condition     = contains(jsondecode(aws_iam_role_policy.runtime.policy).Statement[*].Sid, "ManageNetworkInterfaces")
    error_message = "A function in the VPC manages its network interfaces."
  }
}
