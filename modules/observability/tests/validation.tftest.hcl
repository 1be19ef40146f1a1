mock_provider "aws" {}

mock_provider "aws" {
  alias = "recovery"
}

variables {
  name            = "kosha-test"
  alarm_topic_arn = "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform"
  alarms          = {}
  composites      = {}
  slos            = {}
  log_queries     = {}
  log_groups      = { application = ["/aws/containerinsights/c/application"] }
  watched = {
    region            = "ap-south-1", recovery_region = "ap-south-2", file_system_id = "fs-1", access_points = 7
    lake_bucket       = "kosha-test-lake-ap-south-1", replica_bucket = "kosha-test-lake-ap-south-2", replication_rule = "everything"
    transfer_task_ids = { transfer = "task-1" }, cluster_name = "kosha-test-cluster", functions = ["kosha-test-tag-auditor"], replica_file_system_id = "fs-2", vault_name = "kosha-test-backup", recovery_vault_name = "kosha-test-backup"
  }
}

run "refuses_two_limits" {
  command = plan

  variables {
    alarms = { bad = { audience = "storage", severity = "warning", means = "Too much.", metric = { namespace = "AWS/EFS", name = "PercentIOLimit", dimensions = {}, statistic = "Maximum" }, above = 90, period = 300, periods = 3, missing = "notBreaching", runbook = "docs/runbooks/lake.md", below = 1 } }
  }

  expect_failures = [var.alarms]
}

run "refuses_no_limit" {
  command = plan

  variables {
    alarms = { bad = { audience = "storage", severity = "warning", means = "Too much.", metric = { namespace = "AWS/EFS", name = "PercentIOLimit", dimensions = {}, statistic = "Maximum" }, period = 300, periods = 3, missing = "notBreaching", runbook = "docs/runbooks/lake.md" } }
  }

  expect_failures = [var.alarms]
}

run "refuses_metric_and_expression" {
  command = plan

  variables {
    alarms = { bad = { audience = "storage", severity = "warning", means = "Too much.", metric = { namespace = "AWS/EFS", name = "PercentIOLimit", dimensions = {}, statistic = "Maximum" }, above = 90, period = 300, periods = 3, missing = "notBreaching", runbook = "docs/runbooks/lake.md", expression = "1 + 1" } }
  }

  expect_failures = [var.alarms]
}

run "refuses_no_runbook" {
  command = plan

  variables {
    alarms = { bad = { audience = "storage", severity = "warning", means = "Too much.", metric = { namespace = "AWS/EFS", name = "PercentIOLimit", dimensions = {}, statistic = "Maximum" }, above = 90, period = 300, periods = 3, missing = "notBreaching", runbook = "ask somebody" } }
  }

  expect_failures = [var.alarms]
}

run "refuses_unknown_missing_data" {
  command = plan

  variables {
    alarms = { bad = { audience = "storage", severity = "warning", means = "Too much.", metric = { namespace = "AWS/EFS", name = "PercentIOLimit", dimensions = {}, statistic = "Maximum" }, above = 90, period = 300, periods = 3, missing = "fine", runbook = "docs/runbooks/lake.md" } }
  }

  expect_failures = [var.alarms]
}

run "refuses_a_suppressor_that_is_not_there" {
  command = plan

  variables {
    alarms = { bad = { audience = "storage", severity = "warning", means = "Too much.", metric = { namespace = "AWS/EFS", name = "PercentIOLimit", dimensions = {}, statistic = "Maximum" }, above = 90, period = 300, periods = 3, missing = "notBreaching", runbook = "docs/runbooks/lake.md", quiet_while = "nothing" } }
  }

  expect_failures = [var.alarms]
}

run "refuses_a_silent_alarm_nobody_hears" {
  command = plan

  variables {
    alarms = { bad = { audience = "storage", severity = "warning", means = "Too much.", metric = { namespace = "AWS/EFS", name = "PercentIOLimit", dimensions = {}, statistic = "Maximum" }, above = 90, period = 300, periods = 3, missing = "notBreaching", runbook = "docs/runbooks/lake.md", silent = true } }
  }

  expect_failures = [var.alarms]
}

run "refuses_a_look_further_back_than_cloudwatch_has" {
  command = plan

  variables {
    alarms = { bad = { audience = "storage", severity = "warning", means = "Too much.", metric = { namespace = "AWS/EFS", name = "PercentIOLimit", dimensions = {}, statistic = "Maximum" }, above = 90, period = 300, periods = 300, missing = "notBreaching", runbook = "docs/runbooks/lake.md" } }
  }

  expect_failures = [var.alarms]
}

run "refuses_a_composite_of_itself_alone" {
  command = plan

  variables {
    composites = { one = { audience = "platform", severity = "critical", means = "All.", at_least = 1, of = ["a"], runbook = "docs/runbooks/region.md" } }
  }

  expect_failures = [var.composites]
}

run "refuses_three_of_them" {
  command = plan

  variables {
    composites = { one = { audience = "platform", severity = "critical", means = "All.", at_least = 3, of = ["a", "b"], runbook = "docs/runbooks/region.md" } }
  }

  expect_failures = [var.composites]
}

run "refuses_a_quiet_suppressor" {
  command = plan

  variables {
    composites = { top = { audience = "platform", severity = "critical", means = "All.", at_least = 1, of = ["a", "b"], runbook = "docs/runbooks/region.md" }, mid = { audience = "platform", severity = "critical", means = "All.", at_least = 1, of = ["a", "b"], runbook = "docs/runbooks/region.md", quiet_while = "top" }, low = { audience = "platform", severity = "critical", means = "All.", at_least = 1, of = ["a", "b"], runbook = "docs/runbooks/region.md", quiet_while = "mid" } }
  }

  expect_failures = [var.composites]
}

run "refuses_a_composite_without_runbook" {
  command = plan

  variables {
    composites = { one = { audience = "platform", severity = "critical", means = "All.", at_least = 1, of = ["a", "b"], runbook = "none" } }
  }

  expect_failures = [var.composites]
}

run "refuses_an_objective_without_a_metric" {
  command = plan

  variables {
    slos = { bad = { audience = "transfer", means = "In time.", objective = 99, counts = "periods", bad = { above = 60 }, burn = { fast = { long = 60, short = 5, rate = 14.4 } }, runbook = "docs/runbooks/lake.md" } }
  }

  expect_failures = [var.slos]
}

run "refuses_a_budget_that_cannot_burn_so_fast" {
  command = plan

  variables {
    slos = { bad = { audience = "transfer", means = "In time.", objective = 90, counts = "periods", metric = { namespace = "Kosha", name = "Lag", dimensions = {}, statistic = "Maximum" }, period = 300, bad = { above = 60 }, burn = { fast = { long = 60, short = 5, rate = 14.4 } }, runbook = "docs/runbooks/lake.md" } }
  }

  expect_failures = [var.slos]
}

run "refuses_windows_the_wrong_way_round" {
  command = plan

  variables {
    slos = { bad = { audience = "transfer", means = "In time.", objective = 99, counts = "periods", metric = { namespace = "Kosha", name = "Lag", dimensions = {}, statistic = "Maximum" }, period = 300, bad = { above = 60 }, burn = { fast = { long = 5, short = 60, rate = 14.4 } }, runbook = "docs/runbooks/lake.md" } }
  }

  expect_failures = [var.slos]
}

run "refuses_an_objective_quiet_for_nothing" {
  command = plan

  variables {
    slos = { bad = { audience = "transfer", means = "In time.", objective = 99, counts = "periods", metric = { namespace = "Kosha", name = "Lag", dimensions = {}, statistic = "Maximum" }, period = 300, bad = { above = 60 }, burn = { fast = { long = 60, short = 5, rate = 14.4 } }, runbook = "docs/runbooks/lake.md", quiet_while = "nothing" } }
  }

  expect_failures = [var.slos]
}

run "refuses_a_query_of_logs_that_are_not_there" {
  command = plan

  variables {
    log_queries = { "a/b" = { logs = ["nowhere"], query = "limit 1" } }
  }

  expect_failures = [var.log_queries]
}

run "refuses_no_application_logs" {
  command = plan

  variables {
    log_groups = { flow = ["kosha-test-flow-logs"] }
  }

  expect_failures = [var.log_groups]
}

run "refuses_an_arn_for_an_id" {
  command = plan

  variables {
    watched = {
      region            = "ap-south-1", recovery_region = "ap-south-2", file_system_id = "fs-1", access_points = 7
      lake_bucket       = "a", replica_bucket = "b", replication_rule = "everything", cluster_name = "c", functions = []
      transfer_task_ids = { transfer = "arn:aws:datasync:ap-south-1:111122223333:task/task-1" }

      replica_file_system_id = "fs-2", vault_name = "v", recovery_vault_name = "v"
    }
  }

  expect_failures = [var.watched]
}

run "refuses_what_nothing_can_keep_quiet" {
  command = plan

  variables {
    slos = {
      late = {
        audience = "storage", means = "It is late.", objective = 99, counts = "periods", period = 300, runbook = "docs/runbooks/lake.md"
        metric   = { namespace = "AWS/S3", name = "ReplicationLatency", dimensions = {}, statistic = "Maximum" }
        bad      = { above = 900 }
        burn     = { fast = { long = 60, short = 5, rate = 14.4 } }

        in_recovery = true
        quiet_while = "greater"
      }
    }
    composites = {
      greater = { audience = "platform", severity = "critical", means = "All of it.", at_least = 1, of = ["tag-auditor-errors", "tag-auditor-throttles"], runbook = "docs/runbooks/region.md" }
    }
  }

  expect_failures = [var.slos]
}
