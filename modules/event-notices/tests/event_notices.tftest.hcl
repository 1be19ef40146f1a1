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
    defaults = { arn = "arn:aws:iam::111122223333:role/kosha-test-protection-forward" }
  }
}

mock_provider "aws" {
  alias = "recovery"
}

variables {
  name                     = "kosha-test-protection"
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
  topic_arn                = "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform"
  rules = {
    copy-jobs = {
      about   = "a copy failed"
      pattern = "{\"source\": [\"aws.backup\"], \"detail-type\": [\"Copy Job State Change\"]}"
      paths   = { state = "$.detail.state", time = "$.time" }
      text    = "A copy is <state> at <time>."
    }
  }
  recovery_alarm_arns = ["arn:aws:cloudwatch:ap-south-2:111122223333:alarm:kosha-test-b", "arn:aws:cloudwatch:ap-south-2:111122223333:alarm:kosha-test-a"]
}

run "an_event_of_either_region_reaches_the_topic" {
  command = plan

  assert {
    condition     = { for name, rule in aws_cloudwatch_event_rule.this : name => rule.event_pattern } == { for name, rule in aws_cloudwatch_event_rule.recovery : name => rule.event_pattern }
    error_message = "an event is sent on for which no rule waits, or the other way round"
  }
  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.notice : target.arn == var.topic_arn && target.role_arn == null])
    error_message = "every rule tells the topic, and by its policy: with a role, an encrypted topic may get nothing"
  }
  assert {
    condition = alltrue([for target in aws_cloudwatch_event_target.primary_bus :
      target.arn == "arn:aws:events:ap-south-1:111122223333:event-bus/default" && target.role_arn == "arn:aws:iam::111122223333:role/kosha-test-protection-forward"
    ])
    error_message = "events of the recovery region must go to the primary's bus, with the role for it"
  }
  assert {
    condition     = aws_cloudwatch_event_target.notice["copy-jobs"].input_transformer[0].input_template == "\"A copy is <state> at <time>.\""
    error_message = "the notice is not the text: ${aws_cloudwatch_event_target.notice["copy-jobs"].input_transformer[0].input_template}"
  }
}

run "alarms_of_the_recovery_region_are_told_when_they_go_off_and_when_they_are_over" {
  command = plan

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.this["recovery-alarms"].event_pattern) == {
      source        = ["aws.cloudwatch"]
      "detail-type" = ["CloudWatch Alarm State Change"]
      resources     = ["arn:aws:cloudwatch:ap-south-2:111122223333:alarm:kosha-test-a", "arn:aws:cloudwatch:ap-south-2:111122223333:alarm:kosha-test-b"]
      detail        = { state = { value = ["ALARM", "OK"] } }
    }
    error_message = "the pattern is ${aws_cloudwatch_event_rule.this["recovery-alarms"].event_pattern}"
  }
}

run "without_alarms_there_is_no_rule_that_would_match_every_alarm" {
  command = plan

  variables {
    recovery_alarm_arns = []
  }

  assert {
    condition     = keys(aws_cloudwatch_event_rule.this) == ["copy-jobs"]
    error_message = "the rules differ: ${jsonencode(keys(aws_cloudwatch_event_rule.this))}"
  }
}

run "the_role_may_send_events_on_and_nothing_else" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.forward.policy).Statement == [{
      Sid      = "PutEventsOnPrimaryBus"
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = "arn:aws:events:ap-south-1:111122223333:event-bus/default"
    }]
    error_message = "the role may do something else: ${aws_iam_role_policy.forward.policy}"
  }
  assert {
    condition     = aws_iam_role.forward.permissions_boundary == var.permissions_boundary_arn
    error_message = "the role has no boundary"
  }
}

run "refuses_a_name_without_a_subject" {
  command = plan

  variables {
    name = "kosha-test"
  }

  expect_failures = [var.name]
}

run "refuses_a_boundary_that_is_none" {
  command = plan

  variables {
    permissions_boundary_arn = "kosha-test-boundary"
  }

  expect_failures = [var.permissions_boundary_arn]
}

run "refuses_a_topic_that_is_none" {
  command = plan

  variables {
    topic_arn = "platform"
  }

  expect_failures = [var.topic_arn]
}

run "refuses_a_pattern_without_a_source" {
  command = plan

  variables {
    rules = { everything = { about = "anything", pattern = "{}", paths = {}, text = "Something happened." } }
  }

  expect_failures = [var.rules]
}

run "refuses_a_text_that_names_what_was_not_taken" {
  command = plan

  variables {
    rules = { copies = { about = "a copy failed", pattern = "{\"source\": [\"aws.backup\"]}", paths = { state = "$.detail.state" }, text = "<state> of <vault>" } }
  }

  expect_failures = [var.rules]
}

run "refuses_alarms_by_wildcard" {
  command = plan

  variables {
    recovery_alarm_arns = ["arn:aws:cloudwatch:ap-south-2:111122223333:alarm:*"]
  }

  expect_failures = [var.recovery_alarm_arns]
}
