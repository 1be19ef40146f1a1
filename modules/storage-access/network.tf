resource "aws_efs_mount_target" "this" {
  # By position, the order of the zones: the ids of subnets that are made together with this are not known beforehand.
  count = length(var.subnet_ids)

  file_system_id  = var.file_system.id
  subnet_id       = var.subnet_ids[count.index]
  security_groups = [aws_security_group.mount_targets.id]
}

# No egress rule: a mount target only answers.
resource "aws_security_group" "mount_targets" {
  name        = "${var.name}-shared-storage"
  description = "Mount targets of the shared storage"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-shared-storage" }
}

resource "aws_vpc_security_group_ingress_rule" "nfs" {
  for_each = var.client_security_group_ids

  security_group_id            = aws_security_group.mount_targets.id
  referenced_security_group_id = each.value
  description                  = "NFS from ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049

  tags = { Name = "${var.name}-nfs-from-${each.key}" }
}
