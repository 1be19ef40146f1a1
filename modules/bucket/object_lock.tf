# GOVERNANCE, not COMPLIANCE: what a mistake wrote in compliance mode is billed until its last day, whoever asks, and the one
# way out is to close the account. The policy takes the right to bypass from everybody, so a lock is lifted in two steps
# that both are in the trail: the policy, then the version.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html#object-lock-retention-modes
resource "aws_s3_bucket_object_lock_configuration" "this" {
  count = var.object_lock_days == null ? 0 : 1

  bucket = aws_s3_bucket.this.bucket

  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = var.object_lock_days
    }
  }

  # S3 locks versions, so there must be some.
  depends_on = [aws_s3_bucket_versioning.this]
}
