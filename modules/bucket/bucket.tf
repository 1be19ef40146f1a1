resource "aws_s3_bucket" "this" {
  # checkov:skip=CKV_AWS_144: Replication joins two buckets, so it belongs to the caller; the data-lake module replicates the lake and tests that it does
  # checkov:skip=CKV_AWS_18: Only a bucket that receives access logs has none itself (it would never end); a validation of access_log_bucket refuses it for any other
  # checkov:skip=CKV_AWS_145: Only a bucket that receives access logs is SSE-S3 (S3 cannot deliver to KMS); a validation of key_arn refuses it for any other
  bucket        = var.bucket
  force_destroy = !var.deletion_protection

  # From the first object on.
  object_lock_enabled = var.object_lock || var.object_lock_days != null ? true : null

  lifecycle {
    precondition {
      condition     = endswith(var.bucket, "-${data.aws_region.current.name}")
      error_message = "the bucket ${var.bucket} would be made in ${data.aws_region.current.name}: its name ends with its region, so another provider is meant."
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.bucket

  rule {
    # By the purpose, which is known before the key is.
    bucket_key_enabled = var.access_log_sources_account == null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.access_log_sources_account == null ? "aws:kms" : "AES256"
      kms_master_key_id = var.key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket = aws_s3_bucket.this.bucket

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_notification" "this" {
  bucket      = aws_s3_bucket.this.bucket
  eventbridge = true
}
