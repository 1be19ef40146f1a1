mock_provider "aws" {}

mock_provider "aws" {
  alias = "recovery"
}

variables {
  path     = "/kosha/test/20-storage"
  document = "{\"lake_bucket\":\"kosha-test-lake-ap-south-1\"}"
}

run "publishes_the_same_document_in_both_regions" {
  command = plan

  assert {
    condition     = aws_ssm_parameter.primary.name == "/kosha/test/20-storage" && aws_ssm_parameter.recovery[0].name == "/kosha/test/20-storage"
    error_message = "The parameters must have the name the readers know."
  }
  assert {
    condition     = aws_ssm_parameter.primary.insecure_value == var.document && aws_ssm_parameter.recovery[0].insecure_value == var.document
    error_message = "The regions must hold the same document."
  }
  assert {
    condition     = output.path == var.path && output.document == var.document
    error_message = "The outputs say what is published."
  }
}

run "refuses_a_path_that_is_not_a_handoff" {
  command = plan

  variables {
    path = "kosha/test"
  }
  expect_failures = [var.path]
}

run "refuses_what_is_no_object" {
  command = plan

  variables {
    document = "[1, 2]"
  }
  expect_failures = [var.document]
}

run "refuses_a_document_that_does_not_fit" {
  command = plan

  variables {
    document = jsonencode({ text = join("", [for number in range(500) : "0123456789"]) })
  }
  expect_failures = [var.document]
}

run "the_standby_publishes_in_its_own_region_alone" {
  command = plan

  variables {
    in_both_regions = false
  }

  assert {
    condition     = length(aws_ssm_parameter.recovery) == 0 && output.document == var.document
    error_message = "One document, in the one region."
  }
}
