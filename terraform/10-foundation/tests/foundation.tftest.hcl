mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["ap-south-1a", "ap-south-1b", "ap-south-1c"] }
  }
  # Computed values as AWS gives them, at full length: the handoff must fit a parameter.
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:ap-south-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef" }
  }
  mock_resource "aws_ecr_repository" {
    defaults = { repository_url = "111122223333.dkr.ecr.ap-south-1.amazonaws.com/kosha-local/fast" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:ap-south-1:111122223333:kosha-local-platform" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-south-1:111122223333:log-group:kosha-local-flow-logs" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/kosha-local-flow-logs" }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111122223333:policy/kosha-local-boundary" }
  }
  mock_resource "aws_iam_service_linked_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling" }
  }
  mock_resource "aws_subnet" {
    defaults = { id = "subnet-0123456789abcdef0" }
  }
  mock_resource "aws_security_group" {
    defaults = { id = "sg-0123456789abcdef0" }
  }
}

mock_provider "aws" {
  alias = "recovery"
  mock_resource "aws_kms_replica_key" {
    defaults = { arn = "arn:aws:kms:ap-south-2:111122223333:key/mrk-0123456789abcdef0123456789abcdef" }
  }
  mock_resource "aws_ecr_repository" {
    defaults = { repository_url = "111122223333.dkr.ecr.ap-south-2.amazonaws.com/kosha-local/fast" }
  }
}

variables {
  organisation    = "kosha"
  environment     = "local"
  region          = "ap-south-1"
  recovery_region = "ap-south-2"
  vpc_cidr        = "10.20.0.0/16"
}

run "the_handoff_has_what_later_roots_read_in_both_regions" {
  # Applied to the mock, because ids are known only then.
  command = apply

  assert {
    condition     = module.handoff.path == "/kosha/local/10-foundation"
    error_message = "the handoff lies at ${module.handoff.path}"
  }
  assert {
    condition = keys(jsondecode(module.handoff.document)) == [
      "key_arns", "permissions_boundary_arn", "private_subnet_ids", "recovery_key_arns", "recovery_registry", "registry", "security_group_ids", "topic_arns", "vpc_cidr", "vpc_id", "zones",
    ]
    error_message = "the document differs from docs/architecture.md: ${module.handoff.document}"
  }
  assert {
    condition = alltrue([
      for field in ["key_arns", "recovery_key_arns"] :
      keys(jsondecode(module.handoff.document)[field]) == ["alerts", "audit", "backup", "cluster", "functions", "images", "lake", "logs", "storage", "volumes"]
    ])
    error_message = "a key is missing: ${module.handoff.document}"
  }
  assert {
    condition = (
      startswith(jsondecode(module.handoff.document).recovery_key_arns.lake, "arn:aws:kms:ap-south-2:")
      && startswith(jsondecode(module.handoff.document).key_arns.lake, "arn:aws:kms:ap-south-1:")
    )
    error_message = "keys of the two regions are mixed up"
  }
  assert {
    condition = (
      length(jsondecode(module.handoff.document).private_subnet_ids) == 3
      && keys(jsondecode(module.handoff.document).security_group_ids) == ["functions", "transfer", "workers"]
      && keys(jsondecode(module.handoff.document).topic_arns) == ["data", "platform", "transfer"]
    )
    error_message = "subnets, security groups or topics are missing: ${module.handoff.document}"
  }
  assert {
    condition     = jsondecode(module.handoff.document).permissions_boundary_arn == "arn:aws:iam::111122223333:policy/kosha-local-boundary"
    error_message = "later roots must find the boundary: ${module.handoff.document}"
  }
  # 12 + 10 characters are the longest prefix, 11 the one here; it occurs in three topics, two registries and the boundary.
  assert {
    condition     = length(module.handoff.document) + 6 * 12 <= 4096
    error_message = "the handoff does not fit a standard parameter with the longest names"
  }
}

run "alarms_budgets_and_cost_anomalies_may_tell_the_topic_platform" {
  command = plan

  assert {
    condition = toset(flatten([
      for statement in jsondecode(module.alerts.topic_policies["platform"]).Statement : statement.Principal.Service if statement.Sid == "PublishFromServicesOfThisAccount"
    ])) == toset(["budgets.amazonaws.com", "cloudwatch.amazonaws.com", "costalerts.amazonaws.com"])
    error_message = "who may publish: ${module.alerts.topic_policies["platform"]}"
  }
}

run "volumes_are_encrypted_with_the_platforms_key_in_both_regions" {
  command = apply

  assert {
    condition     = aws_ebs_encryption_by_default.this.enabled && aws_ebs_encryption_by_default.recovery.enabled
    error_message = "a volume may be made without encryption"
  }
  assert {
    condition     = aws_ebs_default_kms_key.this.key_arn == module.keys.key_arns["volumes"] && aws_ebs_default_kms_key.recovery.key_arn == module.keys.recovery_key_arns["volumes"]
    error_message = "volumes are encrypted with another key than `volumes` of their region"
  }
  assert {
    condition     = length(aws_iam_service_linked_role.launching) == 0
    error_message = "an account that has the roles must not get them again"
  }
}

run "a_new_account_gets_the_roles_that_start_nodes" {
  command = plan
  variables {
    create_service_linked_roles = ["autoscaling", "spot"]
  }

  assert {
    condition     = toset([for role in aws_iam_service_linked_role.launching : role.aws_service_name]) == toset(["autoscaling.amazonaws.com", "spot.amazonaws.com"])
    error_message = "expected the service-linked roles of EC2 Auto Scaling and of Spot"
  }
}

run "a_role_that_starts_no_nodes_is_refused" {
  command = plan
  variables {
    create_service_linked_roles = ["autoscaling", "lambda"]
  }
  expect_failures = [var.create_service_linked_roles]
}
