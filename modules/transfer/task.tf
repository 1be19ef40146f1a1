resource "aws_datasync_task" "this" {
  name                     = "${var.name}-${var.task}"
  source_location_arn      = aws_datasync_location_efs.directory.arn
  destination_location_arn = aws_datasync_location_s3.lake.arn
  cloudwatch_log_group_arn = aws_cloudwatch_log_group.this.arn

  # No schedule: DataSync's own cannot run more often than hourly, could start a second execution, and is disabled by AWS after
  # repeated failures (https://docs.aws.amazon.com/datasync/latest/userguide/API_TaskScheduleDetails.html).
  # No task_mode: the provider only reads it; BASIC is the API's default, and the one mode EFS can be copied in.

  options {
    # What is gone from the shared storage stays in the lake: the cleaner may clean because of this.
    preserve_deleted_files = "PRESERVE"
    transfer_mode          = "CHANGED"
    overwrite_mode         = "ALWAYS"
    verify_mode            = "ONLY_FILES_TRANSFERRED"

    # A start while an execution runs is refused instead of queued: a queued one would run at once after the other, on the
    # same files, and the starter would have two to account for.
    task_queueing = "DISABLED"

    log_level         = "TRANSFER"
    bytes_per_second  = -1
    atime             = "BEST_EFFORT"
    mtime             = "PRESERVE"
    uid               = "INT_VALUE"
    gid               = "INT_VALUE"
    posix_permissions = "PRESERVE"
    preserve_devices  = "NONE"

    # Tags come from the tagger alone; the role may not write any.
    object_tags = "NONE"
  }

  excludes {
    filter_type = "SIMPLE_PATTERN"
    value       = join("|", var.in_flight_patterns)
  }

  # The tagger reads from it which version of which object was written. Successes must be in it, not only errors.
  task_report_config {
    output_type          = "STANDARD"
    report_level         = "SUCCESSES_AND_ERRORS"
    s3_object_versioning = "INCLUDE"

    s3_destination {
      bucket_access_role_arn = aws_iam_role.reports.arn
      s3_bucket_arn          = var.reports_bucket_arn
      subdirectory           = "${var.task}/"
    }

    # What has not changed since the last transfer counts as skipped: listed each half hour, the report would grow with the
    # tree instead of with the change. A file skipped because of an error is still in it. Without any override the provider
    # reads one that is not there and plans a change each time (https://github.com/hashicorp/terraform-provider-aws/issues/36016);
    # one that says the same as report_level is not kept by AWS and does so too.
    report_overrides {
      skipped_override = "ERRORS_ONLY"
      # Of the verified files only those that differ matter: object_tagger leaves them untagged.
      verified_override = "ERRORS_ONLY"
    }
  }

  tags = { Name = "${var.name}-${var.task}" }

  depends_on = [aws_cloudwatch_log_resource_policy.this, aws_iam_role_policy.reports]
}
