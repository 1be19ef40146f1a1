# Who mounts it, from where, and as whom.
module "access" {
  source = "../storage-access"

  name                      = var.name
  file_system               = { id = aws_efs_file_system.this.id, arn = aws_efs_file_system.this.arn }
  vpc_id                    = var.vpc_id
  subnet_ids                = var.subnet_ids
  client_security_group_ids = var.client_security_group_ids
  posix                     = var.posix
  directories               = var.directories
  transfers                 = var.transfers
  deletion_protection       = var.deletion_protection
  permissions_boundary_arn  = var.permissions_boundary_arn
}
