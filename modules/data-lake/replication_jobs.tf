# Batch Replication copies what the rules left alone: what lay in a bucket before them, and what failed. S3 makes the list of
# objects itself and keeps it; the job hands each to the replication, which copies it in its own role.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-batch-replication-policies.html

locals {
  lake_arn    = "arn:${local.partition}:s3:::${local.lake_bucket}"
  replica_arn = "arn:${local.partition}:s3:::${local.replica_bucket}"

  replication_report_prefix = "replication"

  # By name: a bucket's policy is to be seen whole in a plan.
  replication_jobs_role = "${var.name}-lake-replication-jobs"

  replication_jobs_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Replicate"
        Effect   = "Allow"
        Action   = "s3:InitiateReplication"
        Resource = ["${local.lake_arn}/*", "${local.replica_arn}/*"]
      },
      {
        # The list is an inventory of the bucket, so S3 wants the right to order one.
        Sid      = "ListWhatIsReplicated"
        Effect   = "Allow"
        Action   = ["s3:GetReplicationConfiguration", "s3:PutInventoryConfiguration"]
        Resource = [local.lake_arn, local.replica_arn]
      },
      {
        Sid      = "WriteReports"
        Effect   = "Allow"
        Action   = "s3:PutObject"
        Resource = "${module.reports.arn}/${local.replication_report_prefix}/*"
      },
    ]
  })
}

resource "aws_iam_role" "replication_jobs" {
  name                 = local.replication_jobs_role
  description          = "What jobs of S3 Batch Operations act as that replicate the data lake"
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "batchoperations.s3.amazonaws.com" }
      Action    = "sts:AssumeRole"
      # Jobs of this account only, against the confused deputy.
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "replication_jobs" {
  name   = "jobs"
  role   = aws_iam_role.replication_jobs.name
  policy = local.replication_jobs_policy
}
