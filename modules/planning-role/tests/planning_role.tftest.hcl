mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111122223333:policy/kosha-test-plan" }
  }
}

variables {
  name       = "kosha-test"
  owner      = "institution"
  repository = "kosha"
}

run "one_repository_in_one_environment" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Sid       = "WorkflowsOfTheRepositoryInTheEnvironment"
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "repo:institution/kosha:environment:plan"
        }
      }
    }]
    error_message = "Every workflow of GitHub bears a token of this issuer: audience and subject must both be named."
  }
  assert {
    condition     = aws_iam_role.this.permissions_boundary == aws_iam_policy.this.arn && aws_iam_role_policy_attachment.this.policy_arn == aws_iam_policy.this.arn
    error_message = "What it may do is the most it can do."
  }
  assert {
    condition     = aws_iam_openid_connect_provider.this["github"].client_id_list == toset(["sts.amazonaws.com"])
    error_message = "The provider takes tokens for AWS only."
  }
}

run "it_reads_configuration_and_states_and_writes_a_lock" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_policy.this.policy).Statement : [
        for action in statement.Action : can(regex("^[a-z0-9-]+:(Get|List|Describe|View)", action))
      ] if startswith(statement.Sid, "Read")
    ]))
    error_message = "Statements that read hold actions that read."
  }
  assert {
    condition = { for statement in jsondecode(aws_iam_policy.this.policy).Statement : statement.Sid => flatten([statement.Resource]) if flatten([statement.Resource]) != ["*"] } == {
      LockStates        = ["arn:aws:s3:::kosha-test-state-*/*.tflock"]
      ReadStatesAndCode = ["arn:aws:s3:::kosha-test-state-*/*", "arn:aws:s3:::kosha-test-code-*/*"]
    }
    error_message = "It writes the lock of a state, and reads objects of the states and of the code."
  }
  assert {
    condition = length(setintersection(flatten([for statement in jsondecode(aws_iam_policy.this.policy).Statement : statement.Action if statement.Resource == "*"]), [
      "s3:Get*", "s3:GetObject", "s3:GetObject*", "logs:Get*", "secretsmanager:Get*", "sqs:Get*", "sqs:ReceiveMessage", "ssm:Get*",
    ])) == 0
    error_message = "Configuration, and no data."
  }
  assert {
    condition = [for statement in jsondecode(aws_iam_policy.this.policy).Statement : statement.Condition if statement.Sid == "OpenStatesAndCode"] == [
      { StringLike = { "kms:ViaService" = "s3.*", "kms:EncryptionContext:aws:s3:arn" = ["arn:aws:s3:::kosha-test-state-*", "arn:aws:s3:::kosha-test-code-*"] } },
    ]
    error_message = "No key opens another bucket to it."
  }
  assert {
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    condition     = length(aws_iam_policy.this.policy) <= 6144
    error_message = "A managed policy has 6,144 characters; this one ${length(aws_iam_policy.this.policy)}."
  }
}

run "an_account_has_one_provider_of_github" {
  command = plan

  variables {
    issuer_exists = true
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.this) == 0
    error_message = "One that exists is not made again."
  }
}

run "refuses_a_wildcard_for_the_repository" {
  command = plan

  variables {
    repository = "*"
  }

  expect_failures = [var.repository]
}

run "refuses_a_wildcard_for_the_environment" {
  command = plan

  variables {
    github_environment = "*"
  }

  expect_failures = [var.github_environment]
}

run "refuses_a_name_that_is_no_prefix" {
  command = plan

  variables {
    name = "Kosha"
  }

  expect_failures = [var.name]
}

run "refuses_a_wildcard_for_the_owner" {
  command = plan

  variables {
    owner = "*"
  }

  expect_failures = [var.owner]
}
