# Who gets the role, and what comes with it.

mock_provider "aws" {
  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "111122223333" }
  }
  override_data {
    target = data.aws_partition.current
    values = { partition = "aws" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/kosha-test-cluster-ingestion" }
  }
}

variables {
  cluster_name             = "kosha-test-cluster"
  cluster_arn              = "arn:aws:eks:ap-south-1:111122223333:cluster/kosha-test-cluster"
  name                     = "ingestion"
  service_account          = { namespace = "ingestion", name = "ingestion" }
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

run "one_service_account_of_one_cluster_gets_the_role" {
  command = apply

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Sid       = "PodIdentity"
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Condition = {
        StringEquals = {
          "aws:SourceAccount"                         = "111122223333"
          "aws:RequestTag/eks-cluster-arn"            = "arn:aws:eks:ap-south-1:111122223333:cluster/kosha-test-cluster"
          "aws:RequestTag/kubernetes-namespace"       = "ingestion"
          "aws:RequestTag/kubernetes-service-account" = "ingestion"
        }
      }
    }]
    error_message = "The trust must name cluster, namespace and service account, and nothing else."
  }
  assert {
    condition     = aws_eks_pod_identity_association.this.namespace == "ingestion" && aws_eks_pod_identity_association.this.service_account == "ingestion" && aws_eks_pod_identity_association.this.role_arn == output.role_arn
    error_message = "The association must be for the service account that the trust names."
  }
  assert {
    condition     = length(aws_iam_role_policy.this) == 0 && length(aws_iam_role_policy_attachment.this) == 0
    error_message = "Without rights there are none."
  }
  assert {
    condition     = aws_iam_role.this.permissions_boundary == var.permissions_boundary_arn
    error_message = "A role without the boundary can do whatever its policies say."
  }
}

run "rights_are_those_that_are_given" {
  command = apply

  variables {
    policy           = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    managed_policies = ["service-role/AmazonEBSCSIDriverPolicy"]
  }

  assert {
    condition     = aws_iam_role_policy.this[0].policy == var.policy
    error_message = "The policy is the workload's own."
  }
  assert {
    condition     = aws_iam_role_policy_attachment.this["service-role/AmazonEBSCSIDriverPolicy"].policy_arn == "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
    error_message = "A managed policy is AWS's."
  }
}

run "a_cluster_name_with_a_pattern_is_refused" {
  command = plan
  variables { cluster_name = "kosha-*" }
  expect_failures = [var.cluster_name]
}

run "an_arn_of_something_else_is_refused" {
  command = plan
  variables { cluster_arn = "arn:aws:eks:ap-south-1:111122223333:nodegroup/x" }
  expect_failures = [var.cluster_arn]
}

run "a_name_that_is_none_is_refused" {
  command = plan
  variables { name = "Ingestion of hospitals" }
  expect_failures = [var.name]
}

run "a_service_account_by_pattern_is_refused" {
  command = plan
  variables { service_account = { namespace = "ingestion", name = "*" } }
  expect_failures = [var.service_account]
}

run "a_policy_without_statements_is_refused" {
  command = plan
  variables { policy = "{\"Action\": \"s3:*\"}" }
  expect_failures = [var.policy]
}

run "a_policy_that_gives_everything_is_refused" {
  command = plan
  variables { managed_policies = ["AdministratorAccess"] }
  expect_failures = [var.managed_policies]
}

run "a_boundary_that_is_none_is_refused" {
  command = plan
  variables {
    permissions_boundary_arn = "kosha-test-boundary"
  }
  expect_failures = [var.permissions_boundary_arn]
}
