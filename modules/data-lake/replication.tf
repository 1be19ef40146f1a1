resource "aws_s3_bucket_replication_configuration" "this" {
  # The outputs of the bucket modules wait for the versioning on both sides, without which S3 refuses this.
  bucket = module.lake.bucket
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

      # One way only. Nobody changes the replica's tags while the primary serves; going back after a recovery is a
      # replication of its own, in the other direction, set up by the runbook for it.
      replica_modifications {
        status = "Disabled"
      }
    }

    destination {
      bucket = module.replica.arn

      encryption_configuration {
        replica_kms_key_id = var.replica_key_arn
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
