# The audit root joins what the foundation and the storage publish, and publishes its own.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "ap-south-1" }
  }
  override_data {
    target = data.aws_ssm_parameter.foundation
    values = {
      insecure_value = <<-JSON
        {
          "key_arns": {
            "audit": "arn:aws:kms:ap-south-1:111122223333:key/audit",
            "logs": "arn:aws:kms:ap-south-1:111122223333:key/logs"
          },
          "permissions_boundary_arn": "arn:aws:iam::111122223333:policy/kosha-test-boundary",
          "topic_arns": {
            "transfer": "arn:aws:sns:ap-south-1:111122223333:kosha-test-transfer",
            "data": "arn:aws:sns:ap-south-1:111122223333:kosha-test-data",
            "platform": "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform"
          }
        }
      JSON
    }
  }
  override_data {
    target = data.aws_ssm_parameter.storage
    values = {
      insecure_value = <<-JSON
        {
          "access_logs_bucket": "kosha-test-access-logs-ap-south-1",
          "lake_bucket": "kosha-test-lake-ap-south-1",
          "replica_bucket": "kosha-test-lake-ap-south-2",
          "reports_bucket": "kosha-test-reports-ap-south-1"
        }
      JSON
    }
  }
  mock_resource "aws_cloudtrail" {
    defaults = { arn = "arn:aws:cloudtrail:ap-south-1:111122223333:trail/kosha-test-audit" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::kosha-test-audit-ap-south-1" }
  }
  mock_resource "aws_ce_anomaly_monitor" {
    defaults = { arn = "arn:aws:ce::111122223333:anomalymonitor/made-here" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/made-here" }
  }
}

mock_provider "aws" {
  alias = "recovery"
  mock_data "aws_region" {
    defaults = { name = "ap-south-2" }
  }
}

variables {
  organisation        = "kosha"
  environment         = "test"
  region              = "ap-south-1"
  recovery_region     = "ap-south-2"
  monthly_budget_usd  = 500
  deletion_protection = false # the test applies to the mock, and destroys what it made
}

run "handoff_is_published_in_both_regions" {
  command = apply

  assert {
    condition = jsondecode(module.handoff.document) == {
      trail_arn        = "arn:aws:cloudtrail:ap-south-1:111122223333:trail/kosha-test-audit"
      trail_bucket     = "kosha-test-audit-ap-south-1"
      trail_bucket_arn = "arn:aws:s3:::kosha-test-audit-ap-south-1"
    }
    error_message = "the document must hold what docs/architecture.md promises: ${module.handoff.document}"
  }
  assert {
    condition     = module.handoff.path == "/kosha/test/50-audit"
    error_message = "the handoff lies at ${module.handoff.path}"
  }
}

run "the_trail_uses_the_audit_key_and_tells_the_platform_topic" {
  command = plan

  assert {
    condition = alltrue([
      for statement in jsondecode(module.audit_trail.trail_bucket_policy).Statement :
      statement.Condition.StringNotEquals["s3:x-amz-server-side-encryption-aws-kms-key-id"] == "arn:aws:kms:ap-south-1:111122223333:key/audit"
      if statement.Sid == "DenyOtherKey"
    ])
    error_message = "the trail's bucket takes another key than audit"
  }
  assert {
    condition     = module.audit_trail.topic_arn == "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform"
    error_message = "findings must go to the topic platform"
  }
}

run "budget_and_anomalies_are_told_on_the_topic_platform" {
  command = plan

  assert {
    condition     = module.cost.budget_name == "kosha-test-monthly" && module.cost.topic_arn == "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform"
    error_message = "the budget ${module.cost.budget_name} must tell the topic platform, not ${module.cost.topic_arn}"
  }
}

run "a_monitor_the_account_has_is_taken" {
  command = plan

  variables {
    cost_anomaly_monitor_arn = "arn:aws:ce::111122223333:anomalymonitor/of-aws"
  }

  assert {
    condition     = module.cost.anomaly_monitor_arn == "arn:aws:ce::111122223333:anomalymonitor/of-aws"
    error_message = "another monitor is made"
  }
}

run "tagging_by_the_functions_is_no_news_and_by_custodians_it_is" {
  command = plan

  assert {
    condition = local.tagging_role_arns == [
      "arn:aws:iam::111122223333:role/kosha-test-object-tagger",
      "arn:aws:iam::111122223333:role/kosha-test-tag-backfill",
      "arn:aws:iam::111122223333:role/kosha-test-tag-backfill-jobs",
      "arn:aws:iam::111122223333:role/kosha-test-recovery-object-tagger",
      "arn:aws:iam::111122223333:role/kosha-test-recovery-tag-backfill",
      "arn:aws:iam::111122223333:role/kosha-test-recovery-tag-backfill-jobs",
    ]
    error_message = "only the functions tag unnoticed"
  }
}

run "every_detector_can_be_left_out" {
  command = plan

  variables {
    access_analyzer = false
    guardduty       = false
    config_rules    = []
  }

  assert {
    condition     = module.audit_trail.config_bucket == null
    error_message = "Config is left although it has no rule"
  }
}
