resource "aws_s3_bucket_replication_configuration" "this" {
  # The name comes from a bucket's module, which waits for the versioning without which S3 refuses this.
  bucket = var.from.bucket
  role   = aws_iam_role.replication.arn

  # One rule for everything: a filter by tag would leave out what is not tagged yet, and S3 replicates delete markers only
  # for rules that do not filter by tag.
  rule {
    id       = "everything"
    priority = 1
    status   = "Enabled"

    filter {}

    delete_marker_replication {
      status = "Enabled"
    }

    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }

      # What is corrected on a replica, its tags above all, goes back to what it was made from: the rule of the other
      # direction must say the same. A replica itself is not replicated again, so two directions make no circle.
      # https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-for-metadata-changes.html
      # https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
      replica_modifications {
        status = "Enabled"
      }
    }

    destination {
      bucket = local.to_arn

      encryption_configuration {
        replica_kms_key_id = var.to.key_arn
      }

      # 15 is the only value S3 takes for either.
      replication_time {
        status = "Enabled"

        time {
          minutes = 15
        }
      }

      metrics {
        status = "Enabled"

        event_threshold {
          minutes = 15
        }
      }
    }
  }

  # Or S3 would start to replicate with a role that may do nothing yet.
  depends_on = [aws_iam_role_policy.replication]
}
