# Every validation refuses its bad value.

mock_provider "aws" {
  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "111122223333" }
  }
}

variables {
  name            = "kosha-test"
  function        = "transfer_starter"
  description     = "Starts the transfer unless it is under way"
  archive         = "../../modules/function/tests/function.zip"
  archive_bucket  = "kosha-test-code-ap-south-1"
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
  permissions              = [{ sid = "Start", actions = ["datasync:StartTaskExecution"], resources = ["arn:aws:datasync:ap-south-1:111122223333:task/task-1"] }]
  schedules                = { half-hour = { expression = "rate(30 minutes)", timezone = "Asia/Kolkata" } }
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

run "refuses_a_name_without_environment" {
  command = plan

  variables {
    name = "Kosha"
  }

  expect_failures = [var.name]
}

run "refuses_a_function_name_with_hyphens" {
  command = plan

  variables {
    function = "transfer-starter"
  }

  expect_failures = [var.function]
}

run "refuses_names_that_do_not_fit_iam" {
  command = plan

  variables {
    function = "a_function_whose_name_goes_on_and_on_until_nothing_fits"
  }

  expect_failures = [var.function]
}

run "refuses_a_missing_description" {
  command = plan

  variables {
    description = "Starts"
  }

  expect_failures = [var.description]
}

run "refuses_a_zip_that_was_not_built" {
  command = plan

  variables {
    archive = "tests/absent.zip"
  }

  expect_failures = [var.archive]
}

run "refuses_the_arn_of_a_bucket" {
  command = plan

  variables {
    archive_bucket = "arn:aws:s3:::kosha-test-code-ap-south-1"
  }

  expect_failures = [var.archive_bucket]
}

run "refuses_a_layer_without_version" {
  command = plan

  variables {
    layer_arns = ["arn:aws:lambda:ap-south-1:111122223333:layer:kosha-test-dependencies"]
  }

  expect_failures = [var.layer_arns]
}

run "refuses_more_layers_than_lambda_takes" {
  command = plan

  variables {
    layer_arns = [for number in range(6) : "arn:aws:lambda:ap-south-1:111122223333:layer:kosha-test-dependencies:${number}"]
  }

  expect_failures = [var.layer_arns]
}

run "refuses_a_timeout_beyond_15_minutes" {
  command = plan

  variables {
    timeout_seconds = 901
  }

  expect_failures = [var.timeout_seconds]
}

run "refuses_too_little_memory" {
  command = plan

  variables {
    memory_mb = 64
  }

  expect_failures = [var.memory_mb]
}

run "refuses_a_concurrency_that_stops_the_function" {
  command = plan

  variables {
    reserved_concurrency = 0
  }

  expect_failures = [var.reserved_concurrency]
}

run "refuses_an_environment_name_in_lower_case" {
  command = plan

  variables {
    environment = { transfer_task_arn = "x" }
  }

  expect_failures = [var.environment]
}

run "refuses_an_environment_name_of_lambda" {
  command = plan

  variables {
    environment = { AWS_REGION = "x" }
  }

  expect_failures = [var.environment]
}

run "refuses_a_secret_in_the_environment" {
  command = plan

  variables {
    environment = { LIMS_PASSWORD = "x" }
  }

  expect_failures = [var.environment]
}

run "refuses_no_permission_at_all" {
  command = plan

  variables {
    permissions = []
  }

  expect_failures = [var.permissions]
}

run "refuses_two_permissions_with_one_sid" {
  command = plan

  variables {
    permissions = [
      { sid = "Start", actions = ["datasync:StartTaskExecution"], resources = ["arn:aws:datasync:ap-south-1:111122223333:task/task-1"] },
      { sid = "Start", actions = ["datasync:DescribeTask"], resources = ["arn:aws:datasync:ap-south-1:111122223333:task/task-1"] },
    ]
  }

  expect_failures = [var.permissions]
}

run "refuses_an_action_with_a_wildcard" {
  command = plan

  variables {
    permissions = [{ sid = "Start", actions = ["datasync:*"], resources = ["arn:aws:datasync:ap-south-1:111122223333:task/task-1"] }]
  }

  expect_failures = [var.permissions]
}

run "refuses_a_permission_without_actions" {
  command = plan

  variables {
    permissions = [{ sid = "Start", actions = [], resources = ["arn:aws:datasync:ap-south-1:111122223333:task/task-1"] }]
  }

  expect_failures = [var.permissions]
}

run "refuses_a_permission_on_everything" {
  command = plan

  variables {
    permissions = [{ sid = "Start", actions = ["datasync:DescribeTask"], resources = ["*"] }]
  }

  expect_failures = [var.permissions]
}

run "refuses_logs_kept_for_half_a_year" {
  command = plan

  variables {
    log_retention_days = 180
  }

  expect_failures = [var.log_retention_days]
}

run "refuses_a_key_by_its_alias" {
  command = plan

  variables {
    key_arns = {
      functions = "alias/kosha-test-functions"
      logs      = "arn:aws:kms:ap-south-1:111122223333:key/logs"
      alerts    = "arn:aws:kms:ap-south-1:111122223333:key/alerts"
    }
  }

  expect_failures = [var.key_arns]
}

run "refuses_alarms_that_look_at_part_of_a_minute" {
  command = plan

  variables {
    alarms = {
      errors       = { above = 0, period = 90, periods = 1, missing = "notBreaching" }
      throttles    = { above = 0, period = 300, periods = 3, missing = "notBreaching" }
      dead_letters = { above = 0, period = 300, periods = 1, missing = "notBreaching" }
      failures     = { above = 0, period = 300, periods = 1, missing = "notBreaching" }
    }
  }

  expect_failures = [var.alarms]
}

run "refuses_alarms_that_stay_red_in_a_quiet_time" {
  command = plan

  variables {
    alarms = {
      errors       = { above = 0, period = 300, periods = 1, missing = "ignore" }
      throttles    = { above = 0, period = 300, periods = 3, missing = "notBreaching" }
      dead_letters = { above = 0, period = 300, periods = 1, missing = "notBreaching" }
      failures     = { above = 0, period = 300, periods = 1, missing = "notBreaching" }
    }
  }

  expect_failures = [var.alarms]
}

run "refuses_an_alarm_that_reaches_nobody" {
  command = plan

  variables {
    alarm_topic_arn = ""
  }

  expect_failures = [var.alarm_topic_arn]
}

run "refuses_a_schedule_without_expression" {
  command = plan

  variables {
    schedules = { half-hour = { expression = "every half hour", timezone = "Asia/Kolkata" } }
  }

  expect_failures = [var.schedules]
}

run "refuses_a_timezone_by_its_abbreviation" {
  command = plan

  variables {
    schedules = { half-hour = { expression = "rate(30 minutes)", timezone = "IST" } }
  }

  expect_failures = [var.schedules]
}

run "refuses_a_schedule_tried_again_for_days" {
  command = plan

  variables {
    schedules = { half-hour = { expression = "rate(30 minutes)", timezone = "Asia/Kolkata", max_age_seconds = 200000 } }
  }

  expect_failures = [var.schedules]
}

run "refuses_an_event_pattern_that_is_no_json" {
  command = plan

  variables {
    event_patterns = { succeeded = "aws.datasync" }
  }

  expect_failures = [var.event_patterns]
}

run "refuses_an_event_pattern_with_a_long_name" {
  command = plan

  variables {
    event_patterns = { transfer_succeeded_for_good_and_all = "{\"source\":[\"aws.datasync\"],\"detail-type\":[\"x\"]}" }
  }

  expect_failures = [var.event_patterns]
}

run "refuses_a_function_nothing_calls" {
  command = plan

  variables {
    schedules = {}
  }

  expect_failures = [var.log_filters]
}

run "refuses_more_retries_than_lambda_makes" {
  command = plan

  variables {
    retry = { attempts = 3 }
  }

  expect_failures = [var.retry]
}

run "refuses_a_network_in_one_zone" {
  command = plan

  variables {
    network = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  }

  expect_failures = [var.network]
}

run "refuses_a_mount_path_outside_mnt" {
  command = plan

  variables {
    role_arn    = "arn:aws:iam::111122223333:role/client"
    network     = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"] }
    file_system = { access_point_arn = "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-1", mount_path = "/scratch" }
  }

  expect_failures = [var.file_system]
}

run "refuses_a_file_system_without_network" {
  command = plan

  variables {
    role_arn    = "arn:aws:iam::111122223333:role/client"
    file_system = { access_point_arn = "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-1", mount_path = "/mnt/scratch" }
  }

  expect_failures = [var.file_system]
}

run "refuses_a_file_system_without_its_client_role" {
  command = plan

  variables {
    network     = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"] }
    file_system = { access_point_arn = "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-1", mount_path = "/mnt/scratch" }
  }

  expect_failures = [var.file_system]
}

run "refuses_a_role_by_its_name" {
  command = plan

  variables {
    role_arn = "scratch-cleaner"
  }

  expect_failures = [var.role_arn]
}

run "refuses_a_failure_metric_without_meaning" {
  command = plan

  variables {
    failure_metrics = { TransferStartFailures = "" }
  }

  expect_failures = [var.failure_metrics]
}

run "refuses_a_schedule_name_that_is_too_long" {
  command = plan

  variables {
    schedules = { every-half-hour = { expression = "rate(30 minutes)", timezone = "Asia/Kolkata" } }
  }

  expect_failures = [var.schedules]
}

run "refuses_an_instance_with_hyphens" {
  command = plan

  variables {
    instance = "half-done"
  }

  expect_failures = [var.instance]
}

run "refuses_a_wildcard_without_a_real_reason" {
  command = plan

  variables {
    permissions = [{ sid = "Look", actions = ["ec2:DescribeVolumes"], resources = ["*"], wildcard_reason = "needed" }]
  }

  expect_failures = [var.permissions]
}

run "refuses_a_reason_where_there_is_no_wildcard" {
  command = plan

  variables {
    permissions = [{
      sid             = "Start"
      actions         = ["datasync:StartTaskExecution"]
      resources       = ["arn:aws:datasync:ap-south-1:111122223333:task/task-1"]
      wildcard_reason = "There is no wildcard here to give a reason for."
    }]
  }

  expect_failures = [var.permissions]
}

run "refuses_a_heartbeat_that_cloudwatch_cannot_look_back_for" {
  command = plan

  variables {
    heartbeat_hours = 400
  }

  expect_failures = [var.heartbeat_hours]
}

run "refuses_a_log_filter_with_a_bad_name" {
  command = plan

  variables {
    log_filters = { "API errors" = { log_group_name = "/aws/eks/kosha-test/cluster", pattern = "?ERROR" } }
  }

  expect_failures = [var.log_filters]
}

run "refuses_a_third_filter_on_a_log_group" {
  command = plan

  variables {
    log_filters = {
      one   = { log_group_name = "/aws/eks/kosha-test/cluster", pattern = "one" }
      two   = { log_group_name = "/aws/eks/kosha-test/cluster", pattern = "two" }
      three = { log_group_name = "/aws/eks/kosha-test/cluster", pattern = "three" }
    }
  }

  expect_failures = [var.log_filters]
}

run "refuses_to_watch_its_own_log_group" {
  command = plan

  variables {
    log_filters = { own = { log_group_name = "/aws/lambda/kosha-test-transfer-starter", pattern = "?ERROR" } }
  }

  expect_failures = [var.log_filters]
}

run "refuses_a_filter_pattern_that_is_too_long" {
  command = plan

  variables {
    log_filters = { long = { log_group_name = "/aws/eks/kosha-test/cluster", pattern = join("", [for number in range(300) : "?abc"]) } }
  }

  expect_failures = [var.log_filters]
}

run "a_boundary_that_is_none_is_refused" {
  command = plan
  variables {
    permissions_boundary_arn = "kosha-test-boundary"
  }
  expect_failures = [var.permissions_boundary_arn]
}
