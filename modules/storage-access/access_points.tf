locals {
  # Where the directories lie on the file system.
  workspace = "/data"
}

resource "aws_efs_access_point" "this" {
  for_each = var.directories

  file_system_id = var.file_system.id

  # Replaces the user and the group of whoever comes through, so root in a container is not root here.
  posix_user {
    uid = var.posix.uid
    gid = var.posix.gid
  }

  root_directory {
    path = "${local.workspace}/${each.key}"

    creation_info {
      owner_uid   = var.posix.uid
      owner_gid   = var.posix.gid
      permissions = each.value.mode
    }
  }

  tags = { Name = "${var.name}-${each.key}" }
}

# All directories as one, for the workflow: what a step has finished is linked into `published`, and a link does not cross
# mounts. It belongs to root, so nothing can be made beside the directories; volumes made on demand lie outside.
resource "aws_efs_access_point" "workspace" {
  file_system_id = var.file_system.id

  posix_user {
    uid = var.posix.uid
    gid = var.posix.gid
  }

  root_directory {
    path = local.workspace

    creation_info {
      owner_uid   = 0
      owner_gid   = 0
      permissions = "0755"
    }
  }

  tags = { Name = "${var.name}-workspace" }
}
