data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}

locals {
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  from_arn  = "arn:${local.partition}:s3:::${var.from.bucket}"
  to_arn    = "arn:${local.partition}:s3:::${var.to.bucket}"

  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html and
  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
  # With a bucket key the encryption context is the bucket's ARN, for objects written without one it is the object's.
  replication_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadConfiguration"
        Effect   = "Allow"
        Action   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
        Resource = local.from_arn
      },
      {
        Sid    = "ReadSource"
        Effect = "Allow"
        # Locks are read where there may be some: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
        Action = concat(
          ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"],
          var.from.object_lock ? ["s3:GetObjectLegalHold", "s3:GetObjectRetention"] : [],
        )
        Resource = "${local.from_arn}/*"
      },
      {
        Sid       = "WriteReplica"
        Effect    = "Allow"
        Action    = ["s3:ReplicateObject", "s3:ReplicateTags", "s3:ReplicateDelete"]
        Resource  = "${local.to_arn}/*"
        Condition = { StringEquals = { "aws:ResourceAccount" = local.account } }
      },
      {
        Sid      = "DecryptSource"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.from.key_arn
        Condition = {
          StringEquals = { "kms:ViaService" = "s3.${local.from_region}.amazonaws.com" }
          StringLike   = { "kms:EncryptionContext:aws:s3:arn" = [local.from_arn, "${local.from_arn}/*"] }
        }
      },
      {
        Sid      = "EncryptReplica"
        Effect   = "Allow"
        Action   = ["kms:Encrypt", "kms:GenerateDataKey"]
        Resource = var.to.key_arn
        Condition = {
          StringEquals = { "kms:ViaService" = "s3.${local.to_region}.amazonaws.com" }
          StringLike   = { "kms:EncryptionContext:aws:s3:arn" = [local.to_arn, "${local.to_arn}/*"] }
        }
      },
    ]
  })

  # A key lies in the region of what it encrypts.
  from_region = split(":", var.from.key_arn)[3]
  to_region   = split(":", var.to.key_arn)[3]
}

resource "aws_iam_role" "replication" {
  name                 = var.role_name
  description          = "S3 copies ${var.from.bucket} to ${var.to.bucket} with this role"
  permissions_boundary = var.permissions_boundary_arn

  # No aws:SourceAccount condition: AWS documents none for the replication service, and a trust it cannot meet stops the
  # replication silently. Another account cannot name this role in its buckets: passing a role takes iam:PassRole here.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "replication" {
  name   = "replication"
  role   = aws_iam_role.replication.name
  policy = local.replication_policy
}
