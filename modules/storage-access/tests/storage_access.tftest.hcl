mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "ap-south-1" }
  }
  mock_resource "aws_security_group" {
    defaults = { id = "sg-mount-targets" }
  }
  override_resource {
    target          = aws_iam_role.client["workers"]
    override_during = plan
    values          = { arn = "arn:aws:iam::111122223333:role/kosha-test-storage-workers" }
  }
  override_resource {
    target          = aws_iam_role.client["transfer"]
    override_during = plan
    values          = { arn = "arn:aws:iam::111122223333:role/kosha-test-storage-transfer" }
  }
  override_resource {
    target          = aws_iam_role.client["scratch_cleaner_scratch"]
    override_during = plan
    values          = { arn = "arn:aws:iam::111122223333:role/kosha-test-storage-scratch-cleaner-scratch" }
  }
  override_resource {
    target          = aws_efs_access_point.this["published"]
    override_during = plan
    values          = { arn = "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-published" }
  }
  override_resource {
    target          = aws_iam_role.client["snapshots"]
    override_during = plan
    values          = { arn = "arn:aws:iam::111122223333:role/kosha-test-storage-snapshots" }
  }
  override_resource {
    target          = aws_efs_access_point.this["critical"]
    override_during = plan
    values          = { arn = "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-critical" }
  }
  override_resource {
    target          = aws_efs_access_point.this["scratch"]
    override_during = plan
    values          = { arn = "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-scratch" }
  }
}

variables {
  name                = "kosha-test"
  vpc_id              = "vpc-1"
  subnet_ids          = ["subnet-a", "subnet-b", "subnet-c"]
  file_system         = { id = "fs-1", arn = "arn:aws:elasticfilesystem:ap-south-1:111122223333:file-system/fs-1" }
  posix               = { uid = 10001, gid = 10002 }
  deletion_protection = true
  client_security_group_ids = {
    workers   = "sg-workers"
    transfer  = "sg-transfer"
    functions = "sg-functions"
  }
  transfers = { transfer = { directory = "published" }, snapshots = { directory = "critical" } }
  directories = {
    critical  = { mode = "0770" }
    published = { mode = "0770" }
    reference = { mode = "0755" }
    scratch   = { mode = "0770", harmless_to_lose = true, cleaned = true }
  }
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

run "every_client_role_has_the_boundary" {
  command = plan

  assert {
    condition     = alltrue([for role in aws_iam_role.client : role.permissions_boundary == var.permissions_boundary_arn])
    error_message = "A role without the boundary can do whatever its policies say."
  }
}

run "every_zone_has_a_mount_target_behind_the_storage_security_group" {
  command = plan

  assert {
    condition     = toset([for target in aws_efs_mount_target.this : target.subnet_id]) == toset(["subnet-a", "subnet-b", "subnet-c"])
    error_message = "one mount target in each subnet expected"
  }
  assert {
    condition     = alltrue([for target in aws_efs_mount_target.this : target.security_groups == toset([aws_security_group.mount_targets.id])])
    error_message = "mount targets must have the storage security group alone"
  }
}

run "only_nfs_from_the_given_security_groups_gets_in" {
  command = plan

  assert {
    condition     = { for client, rule in aws_vpc_security_group_ingress_rule.nfs : client => rule.referenced_security_group_id } == { for client, id in var.client_security_group_ids : client => id }
    error_message = "one rule for each client security group expected"
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.nfs : rule.from_port == 2049 && rule.to_port == 2049 && rule.ip_protocol == "tcp" && rule.cidr_ipv4 == null])
    error_message = "rules must admit TCP 2049 and no address range"
  }
}

run "each_directory_is_made_by_its_access_point" {
  command = plan

  assert {
    condition = { for name, point in aws_efs_access_point.this : name => [point.root_directory[0].path, point.root_directory[0].creation_info[0].permissions] } == {
      critical  = ["/data/critical", "0770"]
      published = ["/data/published", "0770"]
      reference = ["/data/reference", "0755"]
      scratch   = ["/data/scratch", "0770"]
    }
    error_message = "paths or modes differ from the layout"
  }
  assert {
    condition = alltrue([
      for point in aws_efs_access_point.this : point.posix_user[0].uid == 10001 && point.posix_user[0].gid == 10002 &&
      point.root_directory[0].creation_info[0].owner_uid == 10001 && point.root_directory[0].creation_info[0].owner_gid == 10002
    ])
    error_message = "every access point must act as the owner of the catalogue"
  }
  assert {
    condition = [aws_efs_access_point.workspace.root_directory[0].path, aws_efs_access_point.workspace.root_directory[0].creation_info[0]] == [
      "/data", { owner_uid = 0, owner_gid = 0, permissions = "0755" }
    ] && aws_efs_access_point.workspace.posix_user[0].uid == 10001
    error_message = "the workspace shows all directories, and lets nobody make something beside them"
  }
}

run "the_policy_admits_named_roles_through_access_points_and_mount_targets_only" {
  command = plan

  assert {
    condition     = alltrue([for statement in jsondecode(aws_efs_file_system_policy.this[0].policy).Statement : statement.Principal != "*" && try(statement.Principal.AWS != "*", true) if statement.Effect == "Allow"])
    error_message = "the policy admits everybody: whoever reaches a mount target could read genomes"
  }
  assert {
    condition = { for statement in jsondecode(aws_efs_file_system_policy.this[0].policy).Statement : statement.Principal.AWS => statement.Condition if statement.Effect == "Allow" } == {
      "arn:aws:iam::111122223333:role/kosha-test-storage-workers" = {
        Bool       = { "elasticfilesystem:AccessedViaMountTarget" = "true" }
        StringLike = { "elasticfilesystem:AccessPointArn" = ["arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/*"] }
      }
      "arn:aws:iam::111122223333:role/kosha-test-storage-transfer" = {
        Bool       = { "elasticfilesystem:AccessedViaMountTarget" = "true" }
        StringLike = { "elasticfilesystem:AccessPointArn" = ["arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-published"] }
      }
      "arn:aws:iam::111122223333:role/kosha-test-storage-snapshots" = {
        Bool       = { "elasticfilesystem:AccessedViaMountTarget" = "true" }
        StringLike = { "elasticfilesystem:AccessPointArn" = ["arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-critical"] }
      }
      "arn:aws:iam::111122223333:role/kosha-test-storage-scratch-cleaner-scratch" = {
        Bool       = { "elasticfilesystem:AccessedViaMountTarget" = "true" }
        StringLike = { "elasticfilesystem:AccessPointArn" = ["arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-scratch"] }
      }
    }
    error_message = "the policy must admit exactly the four client roles, each through its access points"
  }
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_efs_file_system_policy.this[0].policy).Statement :
      statement.Action == ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"] if statement.Effect == "Allow"
    ])
    error_message = "clients may mount and write, and nothing else"
  }
}

run "the_policy_refuses_plaintext_root_and_mounts_of_the_whole" {
  command = plan

  assert {
    condition = { for statement in jsondecode(aws_efs_file_system_policy.this[0].policy).Statement : statement.Sid => jsonencode([statement.Action, try(statement.Condition, null)]) if statement.Effect == "Deny" } == {
      DenyWithoutTls         = jsonencode(["*", { Bool = { "aws:SecureTransport" = "false" } }])
      DenyWithoutAccessPoint = jsonencode([["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"], { Null = { "elasticfilesystem:AccessPointArn" = "true" } }])
      DenyRoot               = jsonencode(["elasticfilesystem:ClientRootAccess", null])
      DenyDeletion           = jsonencode(["elasticfilesystem:DeleteFileSystem", null])
    }
    error_message = "the refusals differ from the reviewed ones"
  }
}

run "a_role_may_by_its_own_policy_no_more_than_the_file_system_admits" {
  command = plan

  # EFS admits what either policy allows: a looser one on the role would undo the other.
  assert {
    condition = alltrue([
      for client, policy in aws_iam_role_policy.client : jsonencode(jsondecode(policy.policy).Statement[0]) == jsonencode(local.mount_statements[client]) &&
      jsondecode(policy.policy).Statement[1].Action == "elasticfilesystem:DescribeMountTargets" && length(jsondecode(policy.policy).Statement) == 2
    ])
    error_message = "a client role's own policy must repeat the conditions of the file-system policy"
  }
}

run "each_client_role_is_taken_by_its_service_for_this_account_only" {
  command = plan

  assert {
    condition = { for client, role in aws_iam_role.client : client => jsondecode(role.assume_role_policy).Statement[0].Principal.Service } == {
      workers                 = "pods.eks.amazonaws.com"
      transfer                = "datasync.amazonaws.com"
      snapshots               = "datasync.amazonaws.com"
      scratch_cleaner_scratch = "lambda.amazonaws.com"
    }
    error_message = "a client role trusts another service than its own"
  }
  assert {
    condition     = jsondecode(aws_iam_role.client["transfer"].assume_role_policy).Statement[0].Condition.StringEquals == { "aws:SourceAccount" = "111122223333" }
    error_message = "the trust of a service that can act for another account must name this one"
  }
  assert {
    condition = jsondecode(aws_iam_role.client["workers"].assume_role_policy).Statement[0].Condition == {
      StringEquals = {
        "aws:SourceAccount"                         = "111122223333"
        "aws:RequestTag/eks-cluster-arn"            = "arn:aws:eks:ap-south-1:111122223333:cluster/kosha-test-cluster"
        "aws:RequestTag/kubernetes-namespace"       = "kube-system"
        "aws:RequestTag/kubernetes-service-account" = "efs-csi-node-sa"
      }
    }
    error_message = "only the node plugin of this account's cluster may mount for the pods"
  }
  assert {
    condition     = jsondecode(aws_iam_role.client["workers"].assume_role_policy).Statement[0].Action == ["sts:AssumeRole", "sts:TagSession"]
    error_message = "pod identity tags its sessions"
  }
  assert {
    condition     = jsondecode(aws_iam_role.client["transfer"].assume_role_policy).Statement[0].Condition.ArnLike == { "aws:SourceArn" = "arn:aws:datasync:ap-south-1:111122223333:*" }
    error_message = "DataSync must act for this account's resources"
  }
}

run "every_cleaned_directory_has_a_cleaner_with_a_role_of_its_own" {
  command = plan

  variables {
    directories = {
      critical  = { mode = "0770" }
      published = { mode = "0770", cleaned = true }
      reference = { mode = "0755" }
      run-files = { mode = "0770", cleaned = true }
    }
  }

  assert {
    condition     = keys(aws_iam_role.client) == ["scratch_cleaner_published", "scratch_cleaner_run_files", "snapshots", "transfer", "workers"]
    error_message = "every cleaned directory, and no other, needs a cleaner's role"
  }
  assert {
    condition     = jsonencode(local.clients["scratch_cleaner_published"].access_points) == jsonencode([aws_efs_access_point.this["published"].arn]) && length(local.clients["scratch_cleaner_run_files"].access_points) == 1
    error_message = "each cleaner must reach its own directory alone"
  }
}

run "outputs_are_keyed_by_directory_and_client" {
  command = plan

  assert {
    condition     = keys(output.access_point_arns) == ["critical", "published", "reference", "scratch"] && keys(output.client_role_arns) == ["scratch_cleaner_scratch", "snapshots", "transfer", "workers"]
    error_message = "unexpected keys in the outputs"
  }
}

run "without_protection_nothing_stands_in_the_way_of_destroy" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = !strcontains(aws_efs_file_system_policy.this[0].policy, "DeleteFileSystem")
    error_message = "an unprotected file system must be deletable"
  }
}

run "the_policy_can_be_somebody_elses" {
  command = plan

  variables {
    policy_enabled = false
  }

  assert {
    condition     = length(aws_efs_file_system_policy.this) == 0 && output.policy == null
    error_message = "The replica's own policy would be overwritten."
  }
}

run "the_layout_of_this_repository_is_accepted" {
  command = plan

  variables {
    posix       = yamldecode(file("../../catalog/shared-storage.yaml")).posix
    directories = yamldecode(file("../../catalog/shared-storage.yaml")).directories
    transfers   = yamldecode(file("../../catalog/shared-storage.yaml")).transfers
  }

  assert {
    condition     = toset(keys(output.access_point_arns)) == toset(keys(yamldecode(file("../../catalog/shared-storage.yaml")).directories))
    error_message = "one access point for each directory of the catalogue expected"
  }
}

run "refuses_a_system_user_as_owner" {
  command = plan

  variables {
    posix = { uid = 0, gid = 0 }
  }

  expect_failures = [var.posix]
}

run "refuses_a_directory_below_another" {
  command = plan

  variables {
    transfers   = { transfer = { directory = "published" } }
    directories = { published = { mode = "0770" }, "scratch/deep" = { mode = "0770", harmless_to_lose = true } }
  }

  expect_failures = [var.directories]
}

run "refuses_a_directory_everybody_may_write" {
  command = plan

  variables {
    transfers   = { transfer = { directory = "published" } }
    directories = { published = { mode = "0770" }, scratch = { mode = "0777", harmless_to_lose = true } }
  }

  expect_failures = [var.directories]
}

run "refuses_a_layout_without_transfers" {
  command = plan

  variables {
    transfers = {}
  }

  expect_failures = [var.transfers]
}

run "refuses_a_transfer_of_what_is_harmless_to_lose" {
  command = plan

  variables {
    directories = { published = { mode = "0770" }, critical = { mode = "0770", harmless_to_lose = true } }
  }

  expect_failures = [var.transfers]
}

# One run for all: each plans the whole module, whatever it refuses.
run "refuses_every_value_that_cannot_be" {
  command = plan

  variables {
    # a name that is no prefix
    name = "kosha"
    # a single zone
    subnet_ids = ["subnet-a"]
    # stand without clients
    client_security_group_ids = {}
    # a transfer of a directory that there is not
    transfers = { transfer = { directory = "publish" } }
    # a boundary that is none
    permissions_boundary_arn = "kosha-test-boundary"
    # the arn of another file system
    file_system = { id = "fs-1", arn = "arn:aws:elasticfilesystem:ap-south-1:111122223333:file-system/fs-2" }
  }

  expect_failures = [
    var.name,
    var.subnet_ids,
    var.client_security_group_ids,
    var.transfers,
    var.permissions_boundary_arn,
    var.file_system,
  ]
}
