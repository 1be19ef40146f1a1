locals {
  lake_arn    = "arn:${local.partition}:s3:::${local.lake_bucket}"
  replica_arn = "arn:${local.partition}:s3:::${local.replica_bucket}"

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
        Resource = local.lake_arn
      },
      {
        Sid      = "ReadSource"
        Effect   = "Allow"
        Action   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"]
        Resource = "${local.lake_arn}/*"
      },
      {
        Sid       = "WriteReplica"
        Effect    = "Allow"
        Action    = ["s3:ReplicateObject", "s3:ReplicateTags", "s3:ReplicateDelete"]
        Resource  = "${local.replica_arn}/*"
        Condition = { StringEquals = { "aws:ResourceAccount" = local.account } }
      },
      {
        Sid      = "DecryptSource"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.lake_key_arn
        Condition = {
          StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" }
          StringLike   = { "kms:EncryptionContext:aws:s3:arn" = [local.lake_arn, "${local.lake_arn}/*"] }
        }
      },
      {
        Sid      = "EncryptReplica"
        Effect   = "Allow"
        Action   = ["kms:Encrypt", "kms:GenerateDataKey"]
        Resource = var.replica_key_arn
        Condition = {
          StringEquals = { "kms:ViaService" = "s3.${local.recovery_region}.amazonaws.com" }
          StringLike   = { "kms:EncryptionContext:aws:s3:arn" = [local.replica_arn, "${local.replica_arn}/*"] }
        }
      },
    ]
  })
}

resource "aws_iam_role" "replication" {
  name                 = "${var.name}-lake-replication"
  description          = "S3 copies the data lake to its replica with this role"
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
