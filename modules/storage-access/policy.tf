locals {
  refusals = [
    {
      Sid       = "DenyWithoutTls"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "*"
      Resource  = var.file_system.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    },
    {
      # Whoever could mount the root of the file system would be past every access point.
      Sid       = "DenyWithoutAccessPoint"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
      Resource  = var.file_system.arn
      Condition = { Null = { "elasticfilesystem:AccessPointArn" = "true" } }
    },
    {
      Sid       = "DenyRoot"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "elasticfilesystem:ClientRootAccess"
      Resource  = var.file_system.arn
    },
  ]

  deletion_refusals = [
    {
      Sid       = "DenyDeletion"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "elasticfilesystem:DeleteFileSystem"
      Resource  = var.file_system.arn
    },
  ]
}

resource "aws_efs_file_system_policy" "this" {
  count = var.policy_enabled ? 1 : 0

  file_system_id = var.file_system.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for client, statement in local.mount_statements : merge(statement, { Principal = { AWS = aws_iam_role.client[client].arn } })],
      local.refusals,
      [for statement in local.deletion_refusals : statement if var.deletion_protection],
    )
  })
}
