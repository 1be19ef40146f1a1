# The refusals of the primary's policy (modules/shared-storage). Whom it admits is left out: access points are not replicated, so those it
# names do not exist here. EFS admits a client by the client's own role, too, which is how 90-recovery lets its clients in: it leaves this policy
# as it is, for a file system has one, and two roots that each want their own would undo each other's.
locals {
  refusals = [
    {
      Sid       = "DenyWithoutTls"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "*"
      Resource  = aws_efs_file_system.replica.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    },
    {
      Sid       = "DenyWithoutAccessPoint"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
      Resource  = aws_efs_file_system.replica.arn
      Condition = { Null = { "elasticfilesystem:AccessPointArn" = "true" } }
    },
    {
      Sid       = "DenyRoot"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "elasticfilesystem:ClientRootAccess"
      Resource  = aws_efs_file_system.replica.arn
    },
  ]

  deletion_refusals = [
    {
      Sid       = "DenyDeletion"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "elasticfilesystem:DeleteFileSystem"
      Resource  = aws_efs_file_system.replica.arn
    },
  ]
}

resource "aws_efs_file_system_policy" "replica" {
  provider = aws.recovery

  file_system_id = aws_efs_file_system.replica.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.refusals, [for statement in local.deletion_refusals : statement if var.deletion_protection])
  })
}
