# Every validation refuses its bad value.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  name                     = "kosha-test"
  kubernetes_version       = "1.35"
  subnet_ids               = ["subnet-a", "subnet-b", "subnet-c"]
  worker_security_group_id = "sg-workers"
  shared_storage_role_arn  = "arn:aws:iam::111122223333:role/kosha-test-workers"
  key_arns = {
    cluster = "arn:aws:kms:ap-south-1:111122223333:key/cluster"
    logs    = "arn:aws:kms:ap-south-1:111122223333:key/logs"
    volumes = "arn:aws:kms:ap-south-1:111122223333:key/volumes"
  }
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

run "refuses_a_name_without_environment" {
  command = plan

  variables {
    name = "kosha"
  }

  expect_failures = [var.name]
}

run "refuses_a_patch_version" {
  command = plan

  variables {
    kubernetes_version = "1.35.2"
  }

  expect_failures = [var.kubernetes_version]
}

run "refuses_a_single_subnet" {
  command = plan

  variables {
    subnet_ids = ["subnet-a"]
  }

  expect_failures = [var.subnet_ids]
}

run "refuses_the_same_subnet_twice" {
  command = plan

  variables {
    subnet_ids = ["subnet-a", "subnet-b", "subnet-b"]
  }

  expect_failures = [var.subnet_ids]
}

run "refuses_a_security_group_by_name" {
  command = plan

  variables {
    worker_security_group_id = "workers"
  }

  expect_failures = [var.worker_security_group_id]
}

run "refuses_a_storage_role_by_name" {
  command = plan

  variables {
    shared_storage_role_arn = "workers"
  }

  expect_failures = [var.shared_storage_role_arn]
}

run "refuses_a_key_by_its_alias" {
  command = plan

  variables {
    key_arns = {
      cluster = "alias/kosha-test-cluster"
      logs    = "arn:aws:kms:ap-south-1:111122223333:key/logs"
      volumes = "arn:aws:kms:ap-south-1:111122223333:key/volumes"
    }
  }

  expect_failures = [var.key_arns]
}

run "refuses_the_whole_internet" {
  command = plan

  variables {
    public_access_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.public_access_cidrs]
}

run "refuses_a_network_that_is_none" {
  command = plan

  variables {
    public_access_cidrs = ["office"]
  }

  expect_failures = [var.public_access_cidrs]
}

run "refuses_an_iam_user" {
  command = plan

  variables {
    access_entries = { x = { principal_arn = "arn:aws:iam::111122223333:user/u", role = "platform_admin" } }
  }

  expect_failures = [var.access_entries]
}

run "refuses_an_unknown_role" {
  command = plan

  variables {
    access_entries = { x = { principal_arn = "arn:aws:iam::111122223333:role/r", role = "owner" } }
  }

  expect_failures = [var.access_entries]
}

run "refuses_a_researcher_without_namespaces" {
  command = plan

  variables {
    access_entries = { x = { principal_arn = "arn:aws:iam::111122223333:role/r", role = "researcher" } }
  }

  expect_failures = [var.access_entries]
}

run "refuses_a_platform_admin_with_namespaces" {
  command = plan

  variables {
    access_entries = { x = { principal_arn = "arn:aws:iam::111122223333:role/r", role = "platform_admin", namespaces = ["a"] } }
  }

  expect_failures = [var.access_entries]
}

run "refuses_a_researcher_in_the_system_namespace" {
  command = plan

  variables {
    access_entries = { x = { principal_arn = "arn:aws:iam::111122223333:role/r", role = "researcher", namespaces = ["kube-system"] } }
  }

  expect_failures = [var.access_entries]
}

run "refuses_one_role_in_two_entries" {
  command = plan

  variables {
    access_entries = {
      x = { principal_arn = "arn:aws:iam::111122223333:role/r", role = "platform_admin" }
      y = { principal_arn = "arn:aws:iam::111122223333:role/r", role = "researcher", namespaces = ["a"] }
    }
  }

  expect_failures = [var.access_entries]
}

run "refuses_more_wanted_nodes_than_most" {
  command = plan

  variables {
    nodes = { desired = 9 }
  }

  expect_failures = [var.nodes]
}

run "refuses_a_volume_too_small_for_the_images" {
  command = plan

  variables {
    nodes = { volume_gib = 20 }
  }

  expect_failures = [var.nodes]
}

run "refuses_nodes_of_another_processor" {
  command = plan

  variables {
    nodes = { instance_types = ["m7g.large"] }
  }

  expect_failures = [var.nodes]
}

run "refuses_a_version_of_an_unknown_addon" {
  command = plan

  variables {
    addon_versions = { karpenter = "v1.0.0-eksbuild.1" }
  }

  expect_failures = [var.addon_versions]
}

run "refuses_a_version_eks_does_not_list" {
  command = plan

  variables {
    addon_versions = { vpc-cni = "latest" }
  }

  expect_failures = [var.addon_versions]
}

run "refuses_logs_kept_for_a_year_only" {
  command = plan

  variables {
    log_retention_days = 365
  }

  expect_failures = [var.log_retention_days]
}

run "a_boundary_that_is_none_is_refused" {
  command = plan
  variables {
    permissions_boundary_arn = "kosha-test-boundary"
  }
  expect_failures = [var.permissions_boundary_arn]
}
