mock_provider "aws" {
  override_during = plan

  mock_resource "aws_ce_anomaly_monitor" {
    defaults = { arn = "arn:aws:ce::111122223333:anomalymonitor/made-here" }
  }
}

variables {
  name            = "kosha-test"
  monthly_usd     = 15000
  topic_arn       = "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform"
  email_addresses = ["finance@example.org"]
  allocation_tags = ["environment", "root"]
}

run "every_threshold_reaches_topic_and_people" {
  command = plan

  assert {
    condition     = aws_budgets_budget.monthly.limit_amount == "15000.0" && aws_budgets_budget.monthly.limit_unit == "USD" && aws_budgets_budget.monthly.time_unit == "MONTHLY" && aws_budgets_budget.monthly.budget_type == "COST"
    error_message = "the budget should be of 15,000 USD a month"
  }
  assert {
    condition     = toset([for each in aws_budgets_budget.monthly.notification : "${each.notification_type} ${each.threshold}"]) == toset(["ACTUAL 50", "ACTUAL 80", "ACTUAL 100", "FORECASTED 100"])
    error_message = "thresholds: got ${jsonencode([for each in aws_budgets_budget.monthly.notification : "${each.notification_type} ${each.threshold}"])}"
  }
  assert {
    condition = alltrue([
      for each in aws_budgets_budget.monthly.notification :
      contains(each.subscriber_sns_topic_arns, var.topic_arn) && contains(each.subscriber_email_addresses, "finance@example.org")
      && each.comparison_operator == "GREATER_THAN" && each.threshold_type == "PERCENTAGE"
    ])
    error_message = "a threshold reaches nobody"
  }
}

run "anomalies_reach_the_topic_at_once_and_people_daily" {
  command = plan

  assert {
    condition     = aws_ce_anomaly_monitor.services[0].monitor_type == "DIMENSIONAL" && aws_ce_anomaly_monitor.services[0].monitor_dimension == "SERVICE"
    error_message = "the monitor should look at all services"
  }
  assert {
    condition = { for name, each in aws_ce_anomaly_subscription.this : name => "${each.frequency} ${join(" ", [for one in each.subscriber : "${one.type} ${one.address}"])}" } == {
      topic = "IMMEDIATE SNS arn:aws:sns:ap-south-1:111122223333:kosha-test-platform"
      email = "DAILY EMAIL finance@example.org"
    }
    error_message = "subscriptions: got ${jsonencode({ for name, each in aws_ce_anomaly_subscription.this : name => [for one in each.subscriber : one.address] })}"
  }
  assert {
    condition     = alltrue([for each in aws_ce_anomaly_subscription.this : contains(each.monitor_arn_list, output.anomaly_monitor_arn)])
    error_message = "a subscription is of another monitor"
  }
  assert {
    condition = alltrue([
      for each in aws_ce_anomaly_subscription.this :
      one(one(each.threshold_expression).dimension).key == "ANOMALY_TOTAL_IMPACT_ABSOLUTE" && join("", one(one(each.threshold_expression).dimension).values) == "50"
      && join("", one(one(each.threshold_expression).dimension).match_options) == "GREATER_THAN_OR_EQUAL"
    ])
    error_message = "anomalies should be told from 50 USD on"
  }
  assert {
    condition     = { for name, each in aws_ce_cost_allocation_tag.this : name => each.status } == { environment = "Active", root = "Active" }
    error_message = "both tags should be active"
  }
}

run "without_cost_explorer_there_is_the_budget_alone" {
  command = plan

  variables {
    cost_explorer = false
  }

  assert {
    condition     = length(aws_ce_anomaly_monitor.services) + length(aws_ce_anomaly_subscription.this) + length(aws_ce_cost_allocation_tag.this) == 0
    error_message = "something of Cost Explorer is made"
  }
  assert {
    condition     = output.budget_name == "kosha-test-monthly" && output.anomaly_monitor_arn == null
    error_message = "the budget should be there all the same"
  }
}

run "a_monitor_that_is_there_is_taken" {
  command = plan

  variables {
    create_anomaly_monitor = false
    anomaly_monitor_arn    = "arn:aws:ce::111122223333:anomalymonitor/of-aws"
    email_addresses        = []
  }

  assert {
    condition     = length(aws_ce_anomaly_monitor.services) == 0 && keys(aws_ce_anomaly_subscription.this) == ["topic"] && contains(aws_ce_anomaly_subscription.this["topic"].monitor_arn_list, var.anomaly_monitor_arn)
    error_message = "the one subscription should be of the monitor that is there"
  }
}

run "refuses_a_name_that_is_no_prefix" {
  command = plan
  variables { name = "Kosha" }
  expect_failures = [var.name]
}

run "refuses_a_budget_of_nothing" {
  command = plan
  variables { monthly_usd = 0 }
  expect_failures = [var.monthly_usd]
}

run "refuses_no_threshold_of_what_was_spent" {
  command = plan
  variables { actual_percent = [] }
  expect_failures = [var.actual_percent]
}

run "refuses_more_thresholds_than_aws_allows" {
  command = plan
  variables { actual_percent = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100] }
  expect_failures = [var.actual_percent]
}

run "refuses_a_forecast_of_nothing" {
  command = plan
  variables { forecast_percent = [0] }
  expect_failures = [var.forecast_percent]
}

run "refuses_what_is_no_topic" {
  command = plan
  variables { topic_arn = "platform" }
  expect_failures = [var.topic_arn]
}

run "refuses_what_is_no_address" {
  command = plan
  variables { email_addresses = ["finance"] }
  expect_failures = [var.email_addresses]
}

run "refuses_a_monitor_that_is_missing" {
  command = plan
  variables { create_anomaly_monitor = false }
  expect_failures = [var.anomaly_monitor_arn]
}

run "refuses_to_tell_every_cent" {
  command = plan
  variables { anomaly_usd = 0 }
  expect_failures = [var.anomaly_usd]
}

run "refuses_tags_of_aws" {
  command = plan
  variables { allocation_tags = ["aws:createdBy"] }
  expect_failures = [var.allocation_tags]
}
