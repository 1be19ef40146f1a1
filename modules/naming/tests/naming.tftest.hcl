variables {
  organisation    = "kosha"
  environment     = "local"
  region          = "ap-south-1"
  recovery_region = "ap-south-2"
  root            = "10-foundation"
}

run "names_follow_from_organisation_and_environment" {
  command = plan

  assert {
    condition     = output.prefix == "kosha-local"
    error_message = "prefix: expected kosha-local, got ${output.prefix}"
  }
  assert {
    condition     = output.handoff_path == "/kosha/local/10-foundation"
    error_message = "handoff_path: expected /kosha/local/10-foundation, got ${output.handoff_path}"
  }
  assert {
    condition     = output.handoff_paths["40-automation"] == "/kosha/local/40-automation" && length(output.handoff_paths) == 9
    error_message = "handoff_paths: expected one path for each of nine roots, got ${jsonencode(output.handoff_paths)}"
  }
  assert {
    condition = output.tags == {
      organisation = "kosha", environment = "local", root = "10-foundation", managed_by = "terraform"
    }
    error_message = "tags: got ${jsonencode(output.tags)}"
  }
  assert {
    condition     = output.region == "ap-south-1" && output.recovery_region == "ap-south-2"
    error_message = "regions are handed through unchanged once they are validated"
  }
  assert {
    condition     = jsonencode(output.permitted_regions) == jsonencode(["ap-south-1", "ap-south-2"])
    error_message = "the regions of catalog/residency.yaml: got ${jsonencode(output.permitted_regions)}"
  }
}

run "the_regions_may_be_swapped" {
  command = plan
  variables {
    region          = "ap-south-2"
    recovery_region = "ap-south-1"
  }

  assert {
    condition     = output.region == "ap-south-2" && output.prefix == "kosha-local"
    error_message = "either permitted region may be the primary one, and names do not depend on it"
  }
}

run "the_longest_names_fit_a_bucket_and_a_role" {
  command = plan
  variables {
    organisation = "abcdefghijkl"
    environment  = "abcdefghij"
  }

  assert {
    condition     = length("${output.prefix}-access-logs-${output.recovery_region}") <= 63
    error_message = "the longest bucket name does not fit 63 characters"
  }
  assert {
    condition     = length("${output.prefix}-transfer-notifier-schedule") <= 64
    error_message = "a long role name does not fit 64 characters"
  }
}

run "a_region_outside_india_is_refused" {
  command = plan
  variables {
    region = "us-east-1"
  }
  expect_failures = [var.region]
}

run "a_recovery_region_outside_india_is_refused" {
  command = plan
  variables {
    recovery_region = "ap-southeast-1"
  }
  expect_failures = [var.recovery_region]
}

run "recovery_in_the_primary_region_is_refused" {
  command = plan
  variables {
    recovery_region = "ap-south-1"
  }
  expect_failures = [var.recovery_region]
}

run "an_organisation_in_capitals_is_refused" {
  command = plan
  variables {
    organisation = "Kosha"
  }
  expect_failures = [var.organisation]
}

run "an_organisation_too_long_for_bucket_names_is_refused" {
  command = plan
  variables {
    organisation = "nationalgenomics"
  }
  expect_failures = [var.organisation]
}

run "an_organisation_that_ssm_reserves_is_refused" {
  command = plan
  variables {
    organisation = "awsome"
  }
  expect_failures = [var.organisation]
}

run "an_environment_with_a_dash_is_refused" {
  command = plan
  variables {
    environment = "pre-prod"
  }
  expect_failures = [var.environment]
}

run "an_unknown_root_is_refused" {
  command = plan
  variables {
    root = "15-unknown"
  }
  expect_failures = [var.root]
}
