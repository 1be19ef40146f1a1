# The standby in its three stages. There is one provider: what would need the primary region could not be planned at all.

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["ap-south-2a", "ap-south-2b", "ap-south-2c"] }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "ap-south-2" }
  }
  mock_data "aws_default_tags" {
    defaults = { tags = { environment = "test" } }
  }
  override_data {
    target = data.aws_ssm_parameter.foundation
    values = {
      insecure_value = <<-JSON
        {
          "permissions_boundary_arn": "arn:aws:iam::111122223333:policy/kosha-test-boundary",
          "recovery_registry": "111122223333.dkr.ecr.ap-south-2.amazonaws.com/kosha-test",
          "recovery_key_arns": {
            "alerts": "arn:aws:kms:ap-south-2:111122223333:key/mrk-alerts",
            "cluster": "arn:aws:kms:ap-south-2:111122223333:key/mrk-cluster",
            "functions": "arn:aws:kms:ap-south-2:111122223333:key/mrk-functions",
            "lake": "arn:aws:kms:ap-south-2:111122223333:key/mrk-lake",
            "logs": "arn:aws:kms:ap-south-2:111122223333:key/mrk-logs",
            "storage": "arn:aws:kms:ap-south-2:111122223333:key/mrk-storage",
            "volumes": "arn:aws:kms:ap-south-2:111122223333:key/mrk-volumes"
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
          "recovery_access_logs_bucket": "kosha-test-access-logs-ap-south-2",
          "replica_bucket": "kosha-test-lake-ap-south-2",
          "replica_bucket_arn": "arn:aws:s3:::kosha-test-lake-ap-south-2"
        }
      JSON
    }
  }
  override_data {
    target = data.aws_ssm_parameter.protection
    values = {
      insecure_value = <<-JSON
        {
          "replica_file_system_id": "fs-0a",
          "replica_file_system_arn": "arn:aws:elasticfilesystem:ap-south-2:111122223333:file-system/fs-0a"
        }
      JSON
    }
  }
  mock_resource "aws_vpc" {
    defaults = { id = "vpc-standby" }
  }
  override_resource {
    target = module.network.aws_subnet.private["ap-south-2a"]
    values = { id = "subnet-a" }
  }
  override_resource {
    target = module.network.aws_subnet.private["ap-south-2b"]
    values = { id = "subnet-b" }
  }
  override_resource {
    target = module.network.aws_subnet.private["ap-south-2c"]
    values = { id = "subnet-c" }
  }
  mock_resource "aws_security_group" {
    defaults = { id = "sg-standby" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:ap-south-2:111122223333:kosha-test-recovery-made" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/kosha-test-recovery-made" }
  }
  mock_resource "aws_efs_access_point" {
    defaults = { arn = "arn:aws:elasticfilesystem:ap-south-2:111122223333:access-point/fsap-0123456789abcdef0" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-south-2:111122223333:log-group:made-here" }
  }
  mock_resource "aws_datasync_location_efs" {
    defaults = { arn = "arn:aws:datasync:ap-south-2:111122223333:location/loc-0a" }
  }
  mock_resource "aws_datasync_location_s3" {
    defaults = { arn = "arn:aws:datasync:ap-south-2:111122223333:location/loc-0b" }
  }
  mock_resource "aws_datasync_task" {
    defaults = { arn = "arn:aws:datasync:ap-south-2:111122223333:task/task-0123456789abcdef0" }
  }
  mock_resource "aws_eks_cluster" {
    defaults = {
      arn        = "arn:aws:eks:ap-south-2:111122223333:cluster/kosha-test-recovery-cluster"
      vpc_config = { cluster_security_group_id = "sg-cluster", endpoint_private_access = true }
    }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111122223333:policy/kosha-test-recovery-made" }
  }
  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::111122223333:instance-profile/kosha-test-recovery-cluster-node" }
  }
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:ap-south-2:111122223333:function:kosha-test-recovery-scratch-cleaner-intermediate" }
  }
  mock_resource "aws_lambda_layer_version" {
    defaults = { arn = "arn:aws:lambda:ap-south-2:111122223333:layer:mock:1" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:ap-south-2:111122223333:rule/mock" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:ap-south-2:111122223333:mock" }
  }
}

variables {
  organisation      = "kosha"
  environment       = "test"
  region            = "ap-south-1"
  recovery_region   = "ap-south-2"
  recovery_stage    = "active"
  recovery_vpc_cidr = "10.21.0.0/16"
  nat_mode          = "single"
  trusted_readers   = { saml_providers = ["arn:aws:iam::111122223333:saml-provider/campus"] }
  functions_dir     = "../../modules/automation/tests/functions"

  deletion_protection = false # or the test could not end: it applies
}

run "active_is_the_whole_platform" {
  command = apply

  assert {
    condition     = length(module.network.nat_public_ips) == 1
    error_message = "An active standby reaches the internet as the platform does (nat_mode)."
  }
  assert {
    condition     = toset(flatten([for states in module.automation[0].schedule_states : values(states)])) == toset(["ENABLED"])
    error_message = "An active standby's functions are called by their schedules."
  }
  assert {
    condition     = module.cluster[0].has_nodes && length(module.node_provisioning) == 1
    error_message = "An active standby's cluster has nodes, and may start more."
  }
  assert {
    condition = keys(jsondecode(module.handoff.document)) == [
      "access_point_arns", "cluster_name", "code_bucket", "file_system_id", "function_arns", "instance_profile_name", "interruption_queue_name",
      "lake_bucket", "private_subnet_ids", "registry", "reports_bucket", "security_group_ids", "stage", "topic_arns", "transfers",
      "vpc_cidr", "vpc_id", "workload_roles", "workspace_arn", "zones",
    ]
    error_message = "The document must hold what docs/architecture.md promises."
  }
  assert {
    condition = [for field in ["stage", "lake_bucket", "file_system_id", "cluster_name", "reports_bucket", "code_bucket", "registry"] : jsondecode(module.handoff.document)[field]] == [
      "active", "kosha-test-lake-ap-south-2", "fs-0a", "kosha-test-recovery-cluster", "kosha-test-reports-ap-south-2", "kosha-test-code-ap-south-2",
      "111122223333.dkr.ecr.ap-south-2.amazonaws.com/kosha-test",
    ]
    error_message = "The standby works on the replicas, in its own region."
  }
  assert {
    condition     = jsondecode(module.handoff.document).function_arns == module.automation[0].function_arns && module.handoff.path == "/kosha/test/90-recovery"
    error_message = "The standby has every function, and its handoff where scripts look for it."
  }
}

run "pilot_light_has_all_but_what_works" {
  command = apply

  variables {
    recovery_stage = "pilot_light"
  }

  assert {
    condition     = length(module.network.nat_public_ips) == 0
    error_message = "A NAT gateway is paid by the hour, and nothing needs one yet."
  }
  assert {
    condition     = toset(flatten([for states in module.automation[0].schedule_states : values(states)])) == toset(["DISABLED"])
    error_message = "Nothing calls the functions of a standby that is not active: the platform's own work on the same lake."
  }
  assert {
    condition     = !module.cluster[0].has_nodes
    error_message = "The control plane waits without nodes."
  }
  assert {
    condition     = length(module.storage_access) == 1 && keys(module.transfer) == ["snapshots", "transfer"] && length(module.hospital_ingestion) == 1 && length(module.node_provisioning) == 1
    error_message = "Every role is there before the disaster: IAM's control plane is in one region of the world."
  }
  assert {
    condition     = module.storage_access[0].policy == null
    error_message = "The replica has the policy of 60-protection; each apply of one root would undo the other's."
  }
}

run "cold_is_free_and_what_must_be_there_before" {
  command = apply

  variables {
    recovery_stage = "cold"
  }

  assert {
    condition     = length(data.aws_ssm_parameter.protection) == 0 && length(module.storage_access) + length(module.transfer) + length(module.automation) + length(module.cluster) + length(module.hospital_ingestion) + length(module.node_provisioning) == 0
    error_message = "A cold standby has nothing that is paid by the hour."
  }
  assert {
    condition     = length(module.network.private_subnet_ids) == 3 && length(module.network.nat_public_ips) == 0
    error_message = "The network is always there."
  }
  assert {
    condition     = keys(module.reader_access.policies) == ["custodian", "researcher"] && length(module.reader_access.role_arns) == 0
    error_message = "Readers' rights from the standby's network are there before a disaster, in the roles there are."
  }
  assert {
    condition     = strcontains(module.reader_access.policies.custodian, "\"aws:SourceVpc\":[\"vpc-standby\"]") && !strcontains(module.reader_access.policies.custodian, "kosha-test-lake-ap-south-1")
    error_message = "They are rights on the replica, from the standby's network."
  }
  assert {
    condition     = keys(module.alerts.topic_arns) == ["data", "platform", "transfer"]
    error_message = "People subscribe to the standby's topics before the disaster."
  }
  assert {
    condition     = jsondecode(module.handoff.document).stage == "cold" && jsondecode(module.handoff.document).cluster_name == null
    error_message = "The handoff says what is not there."
  }
}

run "refuses_a_stage_nobody_knows" {
  command = plan

  variables {
    recovery_stage = "warm"
  }

  expect_failures = [var.recovery_stage]
}
