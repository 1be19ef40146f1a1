locals {
  # What the task may write: below its prefix, or everything.
  lake_objects_arn = join("/", compact([var.lake_bucket_arn, var.lake_prefix, "*"]))

  use_key_through_s3 = {
    Sid       = "UseKeyThroughS3"
    Effect    = "Allow"
    Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource  = var.lake_key_arn
    Condition = { StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" } }
  }
}

resource "aws_iam_role" "lake" {
  name                 = "${var.name}-${var.task}-lake"
  description          = "DataSync writes to the data lake with this role and reads back what it wrote to verify it"
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = local.datasync_trust
}

# https://docs.aws.amazon.com/datasync/latest/userguide/create-s3-location.html names these, s3:DeleteObject and two for
# tags. Left out on purpose: the transfer never deletes, and whoever may tag an object decides who may read it.
resource "aws_iam_role_policy" "lake" {
  name = "write-to-lake"
  role = aws_iam_role.lake.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "ListLake"
        Effect    = "Allow"
        Action    = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
        Resource  = var.lake_bucket_arn
        Condition = { StringEquals = { "aws:ResourceAccount" = local.account } }
      },
      {
        Sid       = "WriteAndVerify"
        Effect    = "Allow"
        Action    = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:GetObjectVersion", "s3:ListMultipartUploadParts", "s3:PutObject"]
        Resource  = local.lake_objects_arn
        Condition = { StringEquals = { "aws:ResourceAccount" = local.account } }
      },
      local.use_key_through_s3,
    ]
  })
}

resource "aws_iam_role" "reports" {
  name                 = "${var.name}-${var.task}-reports"
  description          = "DataSync writes its task reports with this role"
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = local.datasync_trust
}

# https://docs.aws.amazon.com/datasync/latest/userguide/task-reports.html
resource "aws_iam_role_policy" "reports" {
  name = "write-reports"
  role = aws_iam_role.reports.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "WriteReports"
        Effect    = "Allow"
        Action    = ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"]
        Resource  = "${var.reports_bucket_arn}/${var.task}/*"
        Condition = { StringEquals = { "aws:ResourceAccount" = local.account } }
      },
      local.use_key_through_s3,
    ]
  })
}
