locals {
  # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
  trail_statements = [
    {
      Sid       = "TrailChecksBucket"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "s3:GetBucketAcl"
      Resource  = local.bucket_arns[local.trail_bucket]
      Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
    },
    {
      Sid       = "TrailWritesLogs"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.bucket_arns[local.trail_bucket]}/AWSLogs/${local.account}/*"
      Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn, "s3:x-amz-acl" = "bucket-owner-full-control" } }
    },
    # No role may, whatever its policy says: a request without a source does not come from the trail, and a negated condition
    # is true of it.
    {
      Sid       = "DenyWritingToAllButTheTrail"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:PutObject"
      Resource  = "${local.bucket_arns[local.trail_bucket]}/*"
      Condition = { ArnNotEquals = { "aws:SourceArn" = local.trail_arn } }
    },
  ]
}

# PutBucketPolicy is denied to nobody: then only the account's root user could ever change the policy again, Terraform not, and a
# root user at work is a worse thing than the change. Whoever changes it is reported (events.tf).
module "trail_bucket" {
  source = "../bucket"

  bucket              = local.trail_bucket
  key_arn             = var.key_arn
  access_log_bucket   = var.access_log_bucket
  object_lock_days    = var.retention_days
  lifecycle_rules     = { everything = { prefix = "", noncurrent_days = 30, expire_days = var.retention_days } }
  sse_s3_services     = ["cloudtrail.amazonaws.com"] # digest files, should they come with SSE-S3 as they long did
  extra_statements    = [for statement in local.trail_statements : jsonencode(statement)]
  deletion_protection = var.deletion_protection
}
