resource "aws_efs_access_point" "this" {
  for_each = var.directories

  file_system_id = aws_efs_file_system.this.id

  # Replaces the user and the group of whoever comes through, so root in a container is not root here.
  posix_user {
    uid = var.posix.uid
    gid = var.posix.gid
  }

  root_directory {
    path = "/${each.key}"

    creation_info {
      owner_uid   = var.posix.uid
      owner_gid   = var.posix.gid
      permissions = each.value.mode
    }
  }

  tags = { Name = "${var.name}-${each.key}" }
}
