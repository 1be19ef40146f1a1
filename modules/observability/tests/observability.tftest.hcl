mock_provider "aws" {}

mock_provider "aws" {
  alias = "recovery"
}

variables {
  name            = "kosha-test"
  alarm_topic_arn = "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform"

  alarms = {
    plain = {
      audience = "storage", severity = "warning", means = "Something is too much."
      metric   = { namespace = "AWS/EFS", name = "PercentIOLimit", dimensions = { FileSystemId = "fs-1" }, statistic = "Maximum" }
      above    = 90, period = 300, periods = 3, missing = "notBreaching", runbook = "docs/runbooks/lake.md"
    }
    joined = {
      audience = "platform", severity = "critical", means = "A share is too high."
      metrics = {
        part  = { namespace = "AWS/Lambda", name = "Errors", dimensions = {}, statistic = "Sum" }
        whole = { namespace = "AWS/Lambda", name = "Invocations", dimensions = {}, statistic = "Sum" }
      }
      expression = "100 * part / whole"
      above      = 25, period = 300, periods = 2, of = 3, missing = "notBreaching", runbook = "docs/runbooks/lake.md", quiet_while = "greater"
    }
    unusual = {
      audience = "storage", severity = "warning", means = "It is not as usual."
      metric   = { namespace = "AWS/S3", name = "4xxErrors", dimensions = { BucketName = "lake" }, statistic = "Sum" }
      band     = { deviations = 3, side = "above" }
      period   = 300, periods = 1, missing = "ignore", runbook = "docs/runbooks/lake.md"
    }
    unheard = {
      audience = "transfer", severity = "critical", means = "It is late."
      metric   = { namespace = "Kosha", name = "TransferLagMinutes", dimensions = { service = "transfer_reconciler" }, statistic = "Maximum" }
      below    = 1, period = 3600, periods = 1, missing = "breaching", runbook = "docs/runbooks/lake.md", silent = true
    }
  }

  composites = {
    greater = { audience = "platform", severity = "critical", means = "All of it.", at_least = 2, of = ["joined", "unheard", "plain"], runbook = "docs/runbooks/region.md" }
    lesser  = { audience = "transfer", severity = "critical", means = "A part of it.", at_least = 1, of = ["unheard", "transfer-starter-errors"], runbook = "docs/runbooks/region.md", quiet_while = "greater" }
  }

  slos = {
    lag = {
      audience = "transfer", means = "It is in time.", objective = 99, counts = "periods"
      metric   = { namespace = "Kosha", name = "TransferLagMinutes", dimensions = { service = "transfer_reconciler" }, statistic = "Maximum" }
      period   = 300, bad = { above = 60 }
      burn     = { fast = { long = 60, short = 5, rate = 14.4 }, slow = { long = 360, short = 30, rate = 6 } }
      runbook  = "docs/runbooks/lake.md", quiet_while = "lesser"
    }
    samples = {
      audience = "platform", means = "They do not fail.", objective = 95, counts = "events"
      bad      = { namespace = "Kosha", name = "SamplesFailed", statistic = "Sum" }
      total    = { namespace = "Kosha", name = "SamplesEnded", dimensions = {}, statistic = "Sum" }
      burn     = { fast = { long = 60, short = 5, rate = 14.4 } }
      runbook  = "docs/runbooks/failed-samples.md"
    }
  }

  log_queries = { "cluster/errors" = { logs = ["application", "flow"], query = "fields @message\n" } }
  log_groups  = { application = ["/aws/containerinsights/c/application"], flow = ["kosha-test-flow-logs"] }

  watched = {
    region            = "ap-south-1", recovery_region = "ap-south-2", file_system_id = "fs-1", access_points = 7
    lake_bucket       = "kosha-test-lake-ap-south-1", replica_bucket = "kosha-test-lake-ap-south-2", replication_rule = "everything"
    transfer_task_ids = { transfer = "task-1", snapshots = "task-2" }, cluster_name = "kosha-test-cluster", functions = ["kosha-test-tag-auditor"], replica_file_system_id = "fs-2", vault_name = "kosha-test-backup", recovery_vault_name = "kosha-test-backup"
  }
}

# Panels name alarms of the real catalogue: the root's tests plan with it. Here the module's own logic is looked at.
override_resource {
  target = aws_cloudwatch_dashboard.this
}

run "thresholds_come_as_they_are_given" {
  command = plan

  assert {
    condition     = [aws_cloudwatch_metric_alarm.this["plain"].threshold, aws_cloudwatch_metric_alarm.this["plain"].evaluation_periods, aws_cloudwatch_metric_alarm.this["plain"].comparison_operator, aws_cloudwatch_metric_alarm.this["plain"].treat_missing_data] == [90, 3, "GreaterThanThreshold", "notBreaching"]
    error_message = "An alarm has the limit, periods and missing data of its entry."
  }
  assert {
    condition     = [aws_cloudwatch_metric_alarm.this["joined"].evaluation_periods, aws_cloudwatch_metric_alarm.this["joined"].datapoints_to_alarm] == [3, 2]
    error_message = "Of three periods, two are enough."
  }
  assert {
    condition     = [for query in aws_cloudwatch_metric_alarm.this["joined"].metric_query : query.expression if query.return_data] == ["100 * part / whole"]
    error_message = "Only what metrics are joined to is looked at."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["unusual"].threshold_metric_id == "usual" && aws_cloudwatch_metric_alarm.this["unusual"].threshold == null && contains([for query in aws_cloudwatch_metric_alarm.this["unusual"].metric_query : query.expression], "ANOMALY_DETECTION_BAND(value, 3)")
    error_message = "A band takes the place of a threshold."
  }
  assert {
    condition     = [aws_cloudwatch_metric_alarm.this["unheard"].comparison_operator, aws_cloudwatch_metric_alarm.this["unheard"].treat_missing_data] == ["LessThanThreshold", "breaching"]
    error_message = "Below is below, and what is not measured counts as its entry says."
  }
}

run "whatever_tells_reaches_the_topic_and_names_a_runbook" {
  command = plan

  assert {
    condition     = alltrue([for name in ["plain", "unusual"] : aws_cloudwatch_metric_alarm.this[name].alarm_actions == toset([var.alarm_topic_arn]) && aws_cloudwatch_metric_alarm.this[name].ok_actions == toset([var.alarm_topic_arn])])
    error_message = "An alarm tells by itself, and tells when it is over."
  }
  assert {
    condition = alltrue([for each in concat(values(aws_cloudwatch_composite_alarm.first), values(aws_cloudwatch_composite_alarm.second), values(aws_cloudwatch_composite_alarm.told), values(module.burn.alarms)) :
    each.alarm_actions == toset([var.alarm_topic_arn]) && each.actions_enabled != false && can(regex("Runbook: docs/runbooks/[a-z-]+\\.md$", each.alarm_description))])
    error_message = "Every composite alarm acts and names its runbook."
  }
  assert {
    condition     = alltrue([for each in concat(values(aws_cloudwatch_metric_alarm.this), values(module.burn.windows)) : can(regex("Runbook: docs/runbooks/[a-z-]+\\.md$", each.alarm_description)) && each.actions_enabled != false])
    error_message = "Every alarm names its runbook."
  }
  assert {
    condition     = alltrue([for name in ["joined", "unheard"] : length(coalesce(aws_cloudwatch_metric_alarm.this[name].alarm_actions, [])) == 0])
    error_message = "What tells through a composite alarm does not tell twice."
  }
}

run "a_storm_is_one_message" {
  command = plan

  assert {
    condition     = aws_cloudwatch_composite_alarm.told["joined"].alarm_rule == "ALARM(\"kosha-test-joined-measure\")" && one(aws_cloudwatch_composite_alarm.told["joined"].actions_suppressor).alarm == "kosha-test-greater"
    error_message = "joined tells unless greater does."
  }
  assert {
    condition = aws_cloudwatch_composite_alarm.first["greater"].alarm_rule == join(" OR ", [
      "(ALARM(\"kosha-test-joined-measure\") AND ALARM(\"kosha-test-unheard\"))",
      "(ALARM(\"kosha-test-joined-measure\") AND ALARM(\"kosha-test-plain\"))",
      "(ALARM(\"kosha-test-unheard\") AND ALARM(\"kosha-test-plain\"))",
    ])
    error_message = "At least two are any pair: ${aws_cloudwatch_composite_alarm.first["greater"].alarm_rule}"
  }
  assert {
    condition     = aws_cloudwatch_composite_alarm.second["lesser"].alarm_rule == "ALARM(\"kosha-test-unheard\") OR ALARM(\"kosha-test-transfer-starter-errors\")"
    error_message = "One of them is enough, and functions' alarms are named as modules/function does."
  }
  assert {
    condition     = length(aws_cloudwatch_composite_alarm.first["greater"].actions_suppressor) == 0 && length(module.burn.alarms["samples-fast"].actions_suppressor) == 0
    error_message = "Nothing keeps the greatest quiet, nor what has no cause above it."
  }
}

run "burn_alarms_have_two_windows" {
  command = plan

  assert {
    condition = { for name, each in module.burn.windows : name => [each.datapoints_to_alarm, each.evaluation_periods, each.threshold] } == {
      lag-fast-long      = [2, 12, 60] # 14.4 % of 12 periods
      lag-fast-short     = [1, 1, 60]
      lag-slow-long      = [5, 72, 60] # 6 % of 72
      lag-slow-short     = [1, 6, 60]
      samples-fast-long  = [1, 1, 72] # 14.4 times 5 %
      samples-fast-short = [1, 1, 72]
    }
    error_message = "A window of periods asks for a share of them, one of events for a share of the events."
  }
  assert {
    condition     = one([for query in module.burn.windows["samples-fast-long"].metric_query : one(query.metric).period if query.id == "total"]) == 3600
    error_message = "Events are counted over the whole window."
  }
  assert {
    condition     = module.burn.alarms["lag-fast"].alarm_rule == "ALARM(\"kosha-test-slo-lag-fast-long\") AND ALARM(\"kosha-test-slo-lag-fast-short\")"
    error_message = "It tells when both windows burn."
  }
}

run "logs_are_asked_and_counted" {
  command = plan

  assert {
    condition     = aws_cloudwatch_query_definition.this["cluster/errors"].log_group_names == tolist(["/aws/containerinsights/c/application", "kosha-test-flow-logs"]) && aws_cloudwatch_query_definition.this["cluster/errors"].name == "kosha-test/cluster/errors"
    error_message = "A saved query asks all groups of its kinds."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_log_metric_filter.samples["SamplesFailed"].pattern, "\"failed\"") && strcontains(aws_cloudwatch_log_metric_filter.samples["SamplesEnded"].pattern, "!= \"stopped\"")
    error_message = "Bad data are no failure of the platform, and count in neither."
  }
}

run "refuses_a_name_that_is_no_prefix" {
  command = plan
  variables { name = "Kosha" }
  expect_failures = [var.name]
}

run "refuses_alarms_that_reach_nobody" {
  command = plan
  variables { alarm_topic_arn = "" }
  expect_failures = [var.alarm_topic_arn]
}
