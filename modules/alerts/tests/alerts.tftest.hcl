mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  name    = "kosha-local"
  region  = "ap-south-1"
  key_arn = "arn:aws:kms:ap-south-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef"
  topics  = { transfer = "Kosha transfer", data = "Kosha data", platform = "Kosha platform" }
  subscriptions = {
    custodians = { topic = "data", protocol = "email", endpoint = "custodians@example.org" }
    pager      = { topic = "platform", protocol = "https", endpoint = "https://pager.example.org/notices" }
    archive    = { topic = "transfer", protocol = "sqs", endpoint = "arn:aws:sqs:ap-south-1:111122223333:archive" }
    on_call    = { topic = "platform", protocol = "sms", endpoint = "+919876543210" }
    relay      = { topic = "transfer", protocol = "lambda", endpoint = "arn:aws:lambda:ap-south-1:111122223333:function:relay" }
  }
}

run "every_topic_is_encrypted_and_signed_with_sha_256" {
  command = plan

  assert {
    condition     = { for purpose, topic in aws_sns_topic.this : purpose => topic.name } == { data = "kosha-local-data", platform = "kosha-local-platform", transfer = "kosha-local-transfer" }
    error_message = "topics: got ${jsonencode({ for purpose, topic in aws_sns_topic.this : purpose => topic.name })}"
  }
  assert {
    condition     = alltrue([for topic in aws_sns_topic.this : topic.kms_master_key_id == var.key_arn && topic.signature_version == 2])
    error_message = "a topic has another key, or signs with SHA-1"
  }
}

run "only_services_of_this_account_publish_and_only_over_tls" {
  command = plan

  assert {
    condition = alltrue([
      for policy in aws_sns_topic_policy.this : jsondecode(policy.policy).Statement[0].Effect == "Deny"
      && jsondecode(policy.policy).Statement[0].Principal == "*"
      && jsondecode(policy.policy).Statement[0].Condition.Bool["aws:SecureTransport"] == "false"
    ])
    error_message = "a topic accepts notices without TLS"
  }
  assert {
    condition = alltrue(flatten([
      for policy in aws_sns_topic_policy.this : [
        for statement in jsondecode(policy.policy).Statement :
        try(statement.Principal.Service == ["cloudwatch.amazonaws.com"] && statement.Condition.StringEquals["aws:SourceAccount"] == "111122223333", false)
        if statement.Effect == "Allow"
      ]
    ]))
    error_message = "a topic accepts notices of other services or accounts"
  }
  assert {
    condition = alltrue(flatten([
      for purpose, policy in aws_sns_topic_policy.this : [
        for statement in jsondecode(policy.policy).Statement : statement.Resource == "arn:aws:sns:ap-south-1:111122223333:kosha-local-${purpose}"
      ]
    ]))
    error_message = "a topic's policy names another topic"
  }
}

run "rules_publish_to_the_topics_named_for_them_without_a_condition" {
  command = plan
  variables {
    event_topics = ["platform"]
  }

  assert {
    condition = {
      for purpose, policy in aws_sns_topic_policy.this : purpose => [
        for statement in jsondecode(policy.policy).Statement : statement if statement.Sid == "PublishEvents"
      ]
      } == {
      data     = []
      transfer = []
      platform = [{
        Sid       = "PublishEvents"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = "arn:aws:sns:ap-south-1:111122223333:kosha-local-platform"
      }]
    }
    error_message = "events reach another topic than the one named, or a condition would lose them"
  }
}

run "without_publishers_no_service_publishes" {
  command = plan
  variables {
    publishers = []
  }

  assert {
    condition     = alltrue([for policy in aws_sns_topic_policy.this : [for statement in jsondecode(policy.policy).Statement : statement.Effect] == ["Deny"]])
    error_message = "expected the refusal of unencrypted notices alone"
  }
}

run "every_protocol_can_be_subscribed" {
  command = plan

  assert {
    condition     = { for name, subscription in aws_sns_topic_subscription.this : name => subscription.protocol } == { archive = "sqs", custodians = "email", on_call = "sms", pager = "https", relay = "lambda" }
    error_message = "subscriptions: got ${jsonencode({ for name, subscription in aws_sns_topic_subscription.this : name => subscription.protocol })}"
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

run "a_key_alias_in_place_of_an_arn_is_refused" {
  command = plan
  variables {
    key_arn = "alias/aws/sns"
  }
  expect_failures = [var.key_arn]
}

run "a_purpose_in_capitals_is_refused" {
  command = plan
  variables {
    topics        = { Transfer = "Kosha transfer" }
    subscriptions = {}
  }
  expect_failures = [var.topics]
}

run "a_description_too_long_for_sns_is_refused" {
  command = plan
  variables {
    topics        = { transfer = "Kosha transfer: everything there is to say about what was copied, what was not copied, and why that is so" }
    subscriptions = {}
  }
  expect_failures = [var.topics]
}

run "a_subscription_to_an_unknown_topic_is_refused" {
  command = plan
  variables {
    subscriptions = { custodians = { topic = "billing", protocol = "email", endpoint = "custodians@example.org" } }
  }
  expect_failures = [var.subscriptions]
}

run "an_unencrypted_protocol_is_refused" {
  command = plan
  variables {
    subscriptions = { pager = { topic = "platform", protocol = "http", endpoint = "http://pager.example.org" } }
  }
  expect_failures = [var.subscriptions]
}

run "an_endpoint_that_does_not_fit_its_protocol_is_refused" {
  command = plan
  variables {
    subscriptions = { custodians = { topic = "data", protocol = "email", endpoint = "custodians" } }
  }
  expect_failures = [var.subscriptions]
}

run "a_role_as_publisher_is_refused" {
  command = plan
  variables {
    publishers = ["arn:aws:iam::111122223333:role/publisher"]
  }
  expect_failures = [var.publishers]
}

run "eventbridge_as_publisher_is_refused" {
  command = plan
  variables {
    publishers = ["events.amazonaws.com"]
  }
  expect_failures = [var.publishers]
}

run "an_event_topic_that_is_none_is_refused" {
  command = plan
  variables {
    event_topics = ["billing"]
  }
  expect_failures = [var.event_topics]
}
