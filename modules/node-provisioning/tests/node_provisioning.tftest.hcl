# What Karpenter may do, read back from its policy as AWS would read it.

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
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/made-here" }
  }
  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::111122223333:instance-profile/kosha-test-cluster-node" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:ap-south-1:111122223333:rule/made-here" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:ap-south-1:111122223333:kosha-test-cluster-interruptions" }
  }
}

variables {
  cluster_name  = "kosha-test-cluster"
  cluster_arn   = "arn:aws:eks:ap-south-1:111122223333:cluster/kosha-test-cluster"
  node_role_arn = "arn:aws:iam::111122223333:role/kosha-test-cluster-node"
  key_arns = {
    alerts  = "arn:aws:kms:ap-south-1:111122223333:key/alerts"
    volumes = "arn:aws:kms:ap-south-1:111122223333:key/volumes"
  }
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

run "karpenter_starts_and_ends_only_its_own_nodes" {
  command = apply

  assert {
    condition = alltrue([
      for statement in jsondecode(module.controller.policy).Statement :
      anytrue([for operator in values(try(statement.Condition, {})) : anytrue([for key, value in operator : endswith(key, "Tag/kubernetes.io/cluster/kosha-test-cluster")])])
      if length(setintersection(flatten([statement.Action]), ["ec2:CreateTags", "ec2:TerminateInstances", "ec2:DeleteLaunchTemplate", "ec2:CreateLaunchTemplate"])) > 0
    ])
    error_message = "What is made, tagged or ended must bear the cluster's tag."
  }
  assert {
    condition = alltrue([
      for statement in jsondecode(module.controller.policy).Statement : can(statement.Condition) || alltrue([
        for resource in flatten([statement.Resource]) : !strcontains(resource, ":instance/") && !strcontains(resource, ":launch-template/") && !strcontains(resource, ":volume/")
      ])
    ])
    error_message = "No instance, template or volume may be touched without a condition."
  }
  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(module.controller.policy).Statement : [for action in flatten([statement.Action]) : !strcontains(action, "*")]
    ]))
    error_message = "A right is given by name, never by pattern."
  }
  assert {
    condition = [
      for statement in jsondecode(module.controller.policy).Statement : statement.Sid if statement.Resource == "*"
    ] == ["SeeWhatEc2Offers", "SeePrices"]
    error_message = "Only questions that know no resource may be put to all."
  }
}

run "karpenter_changes_nothing_in_iam" {
  command = apply

  assert {
    condition = toset(flatten([
      for statement in jsondecode(module.controller.policy).Statement : [for action in flatten([statement.Action]) : action if startswith(action, "iam:")]
    ])) == toset(["iam:GetInstanceProfile", "iam:PassRole"])
    error_message = "The instance profile is Terraform's; Karpenter passes the nodes' role and no more."
  }
  assert {
    condition = [
      for statement in jsondecode(module.controller.policy).Statement : [statement.Resource, statement.Condition]
      if statement.Sid == "GiveNodesTheirRole"
    ] == [["arn:aws:iam::111122223333:role/kosha-test-cluster-node", { StringEquals = { "iam:PassedToService" = "ec2.amazonaws.com" } }]]
    error_message = "Karpenter may pass the nodes' role, to EC2 only."
  }
  assert {
    condition     = aws_iam_instance_profile.node.role == "kosha-test-cluster-node"
    error_message = "The profile must give nodes the role they join with."
  }
}

run "karpenter_runs_as_its_own_service_account" {
  command = apply

  assert {
    condition     = output.service_account == { namespace = "kube-system", name = "karpenter" }
    error_message = "The chart's service account must be the one that gets the role."
  }
}

run "interruptions_reach_an_encrypted_queue_and_nothing_else_does" {
  command = apply

  assert {
    condition     = aws_sqs_queue.interruptions.kms_master_key_id == var.key_arns.alerts && aws_sqs_queue.interruptions.message_retention_seconds == 300
    error_message = "The queue is encrypted with the key `alerts`; old news is dropped."
  }
  assert {
    condition = toset([for rule in aws_cloudwatch_event_rule.interruption : jsondecode(rule.event_pattern).detail-type[0]]) == toset([
      "AWS Health Event",
      "EC2 Capacity Reservation Instance Interruption Warning",
      "EC2 Instance Rebalance Recommendation",
      "EC2 Instance State-change Notification",
      "EC2 Spot Instance Interruption Warning",
    ]) && alltrue([for target in aws_cloudwatch_event_target.interruption : target.arn == aws_sqs_queue.interruptions.arn])
    error_message = "Karpenter must hear of all it knows to react to."
  }
  assert {
    condition = [
      for statement in jsondecode(aws_sqs_queue.interruptions.policy).Statement : [statement.Effect, statement.Action, can(statement.Condition)]
    ] == [["Deny", "sqs:*", true], ["Allow", "sqs:SendMessage", true]]
    error_message = "Only the rules may send, and nobody without TLS."
  }
}

run "a_name_that_is_no_clusters_is_refused" {
  command = plan
  variables { cluster_name = "My Cluster" }
  expect_failures = [var.cluster_name]
}

run "an_arn_that_is_no_clusters_is_refused" {
  command = plan
  variables { cluster_arn = "kosha-test-cluster" }
  expect_failures = [var.cluster_arn]
}

run "a_role_by_its_name_is_refused" {
  command = plan
  variables { node_role_arn = "kosha-test-cluster-node" }
  expect_failures = [var.node_role_arn]
}

run "a_key_by_its_alias_is_refused" {
  command = plan
  variables {
    key_arns = { alerts = "alias/alerts", volumes = "arn:aws:kms:ap-south-1:111122223333:key/volumes" }
  }
  expect_failures = [var.key_arns]
}

run "a_boundary_that_is_none_is_refused" {
  command = plan
  variables {
    permissions_boundary_arn = "kosha-test-boundary"
  }
  expect_failures = [var.permissions_boundary_arn]
}
