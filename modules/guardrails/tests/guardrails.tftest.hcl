# What the two documents say; what comes of them the evaluator decides in tests/functional/access/test_guardrails.py.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary" }
  }
}

variables {
  name              = "kosha-test"
  permitted_regions = ["ap-south-1", "ap-south-2"]
}

run "both_documents_fit_and_name_the_permitted_regions_alone" {
  command = apply

  assert {
    condition     = aws_iam_policy.boundary.name == "kosha-test-boundary" && output.permissions_boundary_arn == aws_iam_policy.boundary.arn
    error_message = "The boundary is ${aws_iam_policy.boundary.name}."
  }
  assert {
    condition     = length(output.permissions_boundary) <= 6144 && length(output.service_control_policy) <= 5120
    error_message = "A document is too long: ${length(output.permissions_boundary)} of 6144, ${length(output.service_control_policy)} of 5120 characters."
  }
  assert {
    condition     = toset(regexall("[a-z]{2}-[a-z]+-[0-9]", "${output.permissions_boundary}${output.service_control_policy}")) == toset(var.permitted_regions)
    error_message = "Another region is named."
  }
  assert {
    condition     = alltrue([for statement in jsondecode(output.service_control_policy).Statement : statement.Effect == "Deny"])
    error_message = "The service control policy only refuses."
  }
  assert {
    condition     = length(aws_organizations_policy.this) == 0 && length(aws_organizations_policy_attachment.this) == 0
    error_message = "Outside the management account nothing of the organisation is touched."
  }
}

run "the_regions_are_those_that_are_given" {
  command = plan
  variables { permitted_regions = ["ap-south-2"] }

  assert {
    condition     = toset(regexall("[a-z]{2}-[a-z]+-[0-9]", "${output.permissions_boundary}${output.service_control_policy}")) == toset(["ap-south-2"])
    error_message = "Regions do not come from permitted_regions."
  }
}

run "the_management_account_attaches_it" {
  command = apply
  variables { organization_target_id = "ou-ab12-cdef3456" }

  assert {
    condition = (
      aws_organizations_policy.this[0].type == "SERVICE_CONTROL_POLICY"
      && aws_organizations_policy.this[0].content == output.service_control_policy
      && aws_organizations_policy_attachment.this[0].target_id == "ou-ab12-cdef3456"
    )
    error_message = "The policy must be attached to the unit that is named."
  }
}

run "only_deploying_roles_change_what_watches" {
  command = plan
  variables { deployment_role_arns = ["arn:aws:iam::111122223333:role/deploy"] }

  assert {
    condition = [
      for statement in jsondecode(output.service_control_policy).Statement : statement.Sid
      if try(statement.Condition.ArnNotLike["aws:PrincipalArn"], []) == ["arn:aws:iam::111122223333:role/deploy"]
    ] == ["KeepWatching", "KeepBoundaryOnRoles", "KeepBoundary"]
    error_message = "Deploying roles are exempt from something else."
  }
}

run "one_role_orders_inventories_and_none_configures_anything_else" {
  command = apply

  assert {
    condition = [
      for statement in jsondecode(output.permissions_boundary).Statement : [statement.Effect, statement.Action, statement.Condition] if statement.Sid == "ConfigureStorage"
    ] == [["Deny", "s3:Put*Configuration", { ArnNotEquals = { "aws:PrincipalArn" = "arn:aws:iam::111122223333:role/kosha-test-lake-replication-jobs" } }]]
    error_message = "An inventory lists a bucket's names to a bucket of its owner's choice: only Batch Replication may order one."
  }
  assert {
    condition = [
      for action in flatten([for statement in jsondecode(output.permissions_boundary).Statement : statement.Action if statement.Effect == "Allow"]) :
      action if can(regex("^s3:Put.*Configuration$", action))
    ] == ["s3:PutInventoryConfiguration"]
    error_message = "The role that is let past the refusal may configure nothing else."
  }
}

run "the_longest_names_fit" {
  command = plan
  variables {
    name                 = "abcdefghijkl-abcdefghij"
    deployment_role_arns = ["arn:aws:iam::111122223333:role/a-path/of-the-institution/that-deploys-the-platform"]
  }

  assert {
    condition     = length(output.permissions_boundary) <= 6144 && length(output.service_control_policy) <= 5120
    error_message = "A document is too long: ${length(output.permissions_boundary)} of 6144, ${length(output.service_control_policy)} of 5120 characters."
  }
}

run "a_name_without_an_environment_is_refused" {
  command = plan
  variables { name = "kosha" }
  expect_failures = [var.name]
}

run "a_pattern_of_regions_is_refused" {
  command = plan
  variables { permitted_regions = ["ap-*"] }
  expect_failures = [var.permitted_regions]
}

run "no_region_at_all_is_refused" {
  command = plan
  variables { permitted_regions = [] }
  expect_failures = [var.permitted_regions]
}

run "a_pattern_of_deploying_roles_is_refused" {
  command = plan
  variables { deployment_role_arns = ["arn:aws:iam::111122223333:role/*"] }
  expect_failures = [var.deployment_role_arns]
}

run "the_root_of_the_organisation_is_refused" {
  command = plan
  variables { organization_target_id = "r-ab12" }
  expect_failures = [var.organization_target_id]
}
