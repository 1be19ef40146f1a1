# The cluster root joins what the foundation and the storage publish, and publishes its own.

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
          "client_role_arns": {"workers": "arn:aws:iam::111122223333:role/kosha-test-workers"},
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
  mock_resource "aws_eks_cluster" {
    defaults = {
      arn        = "arn:aws:eks:ap-south-1:111122223333:cluster/kosha-test-cluster"
      vpc_config = { cluster_security_group_id = "sg-cluster" }
    }
  }
  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::111122223333:instance-profile/made-here" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:ap-south-1:111122223333:rule/made-here" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:ap-south-1:111122223333:made-here" }
  }
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/made-here" }
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

run "handoff_is_published_in_both_regions" {
  command = apply

  assert {
    condition = jsondecode(module.handoff.document) == {
      cluster_name            = "kosha-test-cluster"
      cluster_arn             = "arn:aws:eks:ap-south-1:111122223333:cluster/kosha-test-cluster"
      node_role_arn           = "arn:aws:iam::111122223333:role/made-here"
      instance_profile_name   = "kosha-test-cluster-node"
      interruption_queue_name = "kosha-test-cluster-interruptions"
      workload_roles          = { "ingestion/hospital" = "arn:aws:iam::111122223333:role/made-here" }
      log_group_names = {
        control_plane = "/aws/eks/kosha-test-cluster/cluster"
        application   = "/aws/containerinsights/kosha-test-cluster/application"
        dataplane     = "/aws/containerinsights/kosha-test-cluster/dataplane"
        host          = "/aws/containerinsights/kosha-test-cluster/host"
        performance   = "/aws/containerinsights/kosha-test-cluster/performance"
      }
    }
    error_message = "The document must hold what docs/architecture.md promises."
  }
  assert {
    condition     = module.handoff.path == "/kosha/test/30-cluster"
    error_message = "The handoff lies at ${module.handoff.path}."
  }
}
