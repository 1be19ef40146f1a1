resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.bucket

  # Parts of an upload nobody completed are billed and appear in no listing of objects.
  rule {
    id     = "incomplete-uploads"
    status = "Enabled"

    filter {
      prefix = ""
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  dynamic "rule" {
    for_each = var.lifecycle_rules

    content {
      id     = rule.key
      status = "Enabled"

      filter {
        prefix = rule.value.prefix
      }

      dynamic "transition" {
        for_each = rule.value.transitions

        content {
          days          = transition.value.days
          storage_class = transition.value.storage_class
        }
      }

      noncurrent_version_expiration {
        noncurrent_days = rule.value.noncurrent_days
      }

      # S3 takes either an age or the clean-up of delete markers whose versions are all gone, not both in one rule.
      expiration {
        days                         = rule.value.expire_days
        expired_object_delete_marker = rule.value.expire_days == null ? true : null
      }
    }
  }

  # S3 refuses rules for noncurrent versions until it has seen the versioning.
  depends_on = [aws_s3_bucket_versioning.this]
}
