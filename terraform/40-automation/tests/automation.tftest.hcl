# Who calls which function, and what each may do.

mock_provider "aws" {
  # The root's own, and those of the modules.
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
          "vpc_id": "vpc-1",
          "permissions_boundary_arn": "arn:aws:iam::111122223333:policy/kosha-test-boundary",
          "private_subnet_ids": ["subnet-a", "subnet-b", "subnet-c"],
          "security_group_ids": {"workers": "sg-workers", "transfer": "sg-transfer", "functions": "sg-functions"},
          "key_arns": {
            "alerts": "arn:aws:kms:ap-south-1:111122223333:key/alerts",
            "backup": "arn:aws:kms:ap-south-1:111122223333:key/backup",
            "cluster": "arn:aws:kms:ap-south-1:111122223333:key/cluster",
            "functions": "arn:aws:kms:ap-south-1:111122223333:key/functions",
            "lake": "arn:aws:kms:ap-south-1:111122223333:key/lake",
            "logs": "arn:aws:kms:ap-south-1:111122223333:key/logs",
            "storage": "arn:aws:kms:ap-south-1:111122223333:key/storage",
            "volumes": "arn:aws:kms:ap-south-1:111122223333:key/volumes"
          },
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
          "file_system_id": "fs-1",
          "file_system_arn": "arn:aws:elasticfilesystem:ap-south-1:111122223333:file-system/fs-1",
          "access_point_arns": {
            "intermediate": "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-intermediate",
            "published": "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-published",
            "scratch": "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-scratch"
          },
          "client_role_arns": {
            "workers": "arn:aws:iam::111122223333:role/kosha-test-storage-workers",
            "scratch_cleaner_intermediate": "arn:aws:iam::111122223333:role/kosha-test-storage-scratch-cleaner-intermediate",
            "scratch_cleaner_published": "arn:aws:iam::111122223333:role/kosha-test-storage-scratch-cleaner-published",
            "scratch_cleaner_scratch": "arn:aws:iam::111122223333:role/kosha-test-storage-scratch-cleaner-scratch"
          },
          "lake_bucket": "kosha-test-lake-ap-south-1",
          "lake_bucket_arn": "arn:aws:s3:::kosha-test-lake-ap-south-1",
          "code_bucket": "kosha-test-code-ap-south-1",
          "reports_bucket": "kosha-test-reports-ap-south-1",
          "reports_bucket_arn": "arn:aws:s3:::kosha-test-reports-ap-south-1",
          "transfers": {
            "transfer": {
              "directory": "published", "lake_prefix": "", "every_minutes": 30, "report_prefix": "transfer-reports",
              "task_arn": "arn:aws:datasync:ap-south-1:111122223333:task/task-1"
            },
            "snapshots": {
              "directory": "critical", "lake_prefix": "snapshots", "every_minutes": 60, "report_prefix": "snapshot-reports",
              "task_arn": "arn:aws:datasync:ap-south-1:111122223333:task/task-2"
            }
          }
        }
      JSON
    }
  }
  override_data {
    target = data.aws_ssm_parameter.cluster
    values = {
      insecure_value = <<-JSON
        {
          "cluster_name": "kosha-test",
          "cluster_arn": "arn:aws:eks:ap-south-1:111122223333:cluster/kosha-test",
          "node_role_arn": "arn:aws:iam::111122223333:role/kosha-test-workers",
          "log_group_names": {
            "control_plane": "/aws/eks/kosha-test-cluster/cluster",
            "application": "/aws/containerinsights/kosha-test-cluster/application",
            "dataplane": "/aws/containerinsights/kosha-test-cluster/dataplane",
            "host": "/aws/containerinsights/kosha-test-cluster/host",
            "performance": "/aws/containerinsights/kosha-test-cluster/performance"
          }
        }
      JSON
    }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:ap-south-1:111122223333:function:mock" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-south-1:111122223333:log-group:made-here" }
  }
  mock_resource "aws_lambda_layer_version" {
    defaults = { arn = "arn:aws:lambda:ap-south-1:111122223333:layer:mock:1" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:ap-south-1:111122223333:rule/mock" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/made-here" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:ap-south-1:111122223333:mock-dead-letters" }
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
  functions_dir   = "../../modules/automation/tests/functions"
}

# One run for all: a run plans and applies the whole root whatever it looks at, seconds of CPU each time.

run "hands_on_every_function" {
  command = apply

  assert {
    condition     = jsondecode(module.handoff.document) == { function_arns = module.automation.function_arns }
    error_message = "The document must hold what docs/architecture.md promises."
  }
  assert {
    # scratch_cleaner is there once for each cleaned directory.
    condition = alltrue([
      for handler in fileset("../../lambda_src", "*/handler.py") : anytrue([for name in keys(module.automation.function_arns) : startswith(name, dirname(handler))])
    ])
    error_message = "Every function of lambda_src is handed on."
  }
  assert {
    condition     = module.handoff.path == "/kosha/test/40-automation"
    error_message = "The handoff lies at ${module.handoff.path}."
  }
  assert {
    condition     = toset(flatten([for states in module.automation.schedule_states : values(states)])) == toset(["ENABLED"])
    error_message = "On the platform schedules call the functions."
  }
}
