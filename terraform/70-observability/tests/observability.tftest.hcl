# The root puts the names of what is applied into the catalogues, and publishes its own.

mock_provider "aws" {
  override_data {
    target = data.aws_ssm_parameter.this["10-foundation"]
    values = { insecure_value = "{\"permissions_boundary_arn\": \"arn:aws:iam::111122223333:policy/kosha-test-boundary\", \"topic_arns\": {\"platform\": \"arn:aws:sns:ap-south-1:111122223333:kosha-test-platform\"}}" }
  }
  override_data {
    target = data.aws_ssm_parameter.this["20-storage"]
    values = {
      insecure_value = <<-JSON
        {
          "access_point_arns": {"active": "arn:a", "published": "arn:b"},
          "file_system_id": "fs-12345678",
          "lake_bucket": "kosha-test-lake-ap-south-1",
          "replica_bucket": "kosha-test-lake-ap-south-2",
          "replication_rule": "everything",
          "transfers": {
            "snapshots": { "task_arn": "arn:aws:datasync:ap-south-1:111122223333:task/task-0123456789abcdef1" },
            "transfer": { "task_arn": "arn:aws:datasync:ap-south-1:111122223333:task/task-0123456789abcdef0" }
          }
        }
      JSON
    }
  }
  override_data {
    target = data.aws_ssm_parameter.this["30-cluster"]
    values = {
      insecure_value = <<-JSON
        {
          "cluster_name": "kosha-test-cluster",
          "log_group_names": {
            "application": "/aws/containerinsights/kosha-test-cluster/application",
            "control_plane": "/aws/eks/kosha-test-cluster/cluster",
            "dataplane": "/aws/containerinsights/kosha-test-cluster/dataplane",
            "host": "/aws/containerinsights/kosha-test-cluster/host",
            "performance": "/aws/containerinsights/kosha-test-cluster/performance"
          }
        }
      JSON
    }
  }
  override_data {
    target = data.aws_ssm_parameter.this["40-automation"]
    values = { insecure_value = "{\"function_arns\": {\"tag_auditor\": \"arn:aws:lambda:ap-south-1:111122223333:function:kosha-test-tag-auditor\"}}" }
  }
  override_data {
    target = data.aws_ssm_parameter.this["60-protection"]
    values = { insecure_value = "{\"replica_file_system_id\": \"fs-87654321\", \"vault_name\": \"kosha-test-backup\", \"recovery_vault_name\": \"kosha-test-backup\"}" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_region" {
    defaults = { name = "ap-south-1" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/made-here" }
  }
  mock_resource "aws_cloudwatch_metric_alarm" {
    defaults = { arn = "arn:aws:cloudwatch:ap-south-1:111122223333:alarm:made-here" }
  }
  mock_resource "aws_cloudwatch_composite_alarm" {
    defaults = { arn = "arn:aws:cloudwatch:ap-south-1:111122223333:alarm:made-here" }
  }
}

mock_provider "aws" {
  alias = "recovery"
}

variables {
  organisation    = "kosha"
  environment     = "test"
  region          = "ap-south-1"
  recovery_region = "ap-south-2"
}

run "the_catalogue_is_applied" {
  command = apply

  assert {
    condition = alltrue([for name in ["storage-io-limit", "lake-server-errors", "transfer-down", "region-trouble", "tag-correctness", "slo-transfer-lag-fast", "slo-replication-lag-slow", "slo-tag-coverage-slow", "slo-failed-samples-fast"] :
    jsondecode(module.handoff.document).alarm_names[name] == "kosha-test-${name}"])
    error_message = "Alarms are named as the catalogue names them: ${module.handoff.document}"
  }
  assert {
    condition     = jsondecode(module.handoff.document).dashboard_names == { for audience in ["cluster", "platform", "storage", "transfer"] : audience => "kosha-test-${audience}" }
    error_message = "One dashboard for each audience."
  }
  assert {
    condition = [for rule in values(module.notices.rules) : [for arn in jsondecode(rule).resources : regex("ap-south-2:.*:alarm:(.*)$", arn)[0]]] == [
      ["kosha-test-slo-replication-lag-fast", "kosha-test-slo-replication-lag-slow"]
    ]
    error_message = "S3 measures the replica where it lies, and events tell of the alarms there: ${jsonencode(module.notices.rules)}"
  }
  assert {
    condition     = module.handoff.path == "/kosha/test/70-observability"
    error_message = "the handoff lies at ${module.handoff.path}"
  }
  assert {
    condition     = !strcontains(jsonencode(local.alarms), "$${") && local.names.transfer_task_id == "task-0123456789abcdef0"
    error_message = "Every name in the catalogue is put in, and metrics know the task by its id."
  }
  assert {
    condition     = local.alarms.alarms["tag-coverage"].missing == "ignore" && local.alarms.alarms["tag-coverage"].below == 100 && local.alarms.alarms["tag-coverage"].periods == 2 && local.alarms.alarms["tag-correctness"].periods == 1
    error_message = "Less than all is an alarm until an audit finds all: what is shown wrongly at once, what is hidden on the second morning."
  }
}
