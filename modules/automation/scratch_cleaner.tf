# A cleaner for each directory that the catalogue calls cleaned, because a function mounts one access point. Their roles are
# born with the file system, whose policy names them (modules/shared-storage).

locals {
  _layout = yamldecode(file("${path.module}/../../catalog/shared-storage.yaml"))

  cleaned = toset([for name, directory in local._layout.directories : name if try(directory.cleaned, false)])
}

module "scratch_cleaner" {
  source   = "../function"
  for_each = local.cleaned

  name           = var.name
  function       = "scratch_cleaner"
  instance       = replace(each.key, "-", "_")
  description    = "Removes old files from ${each.key}; of those to be kept only what has a verified copy in the lake"
  archive        = "${local.archives}/scratch_cleaner.zip"
  archive_bucket = var.storage.code_bucket
  layer_arns     = [aws_lambda_layer_version.dependencies.arn]

  reserved_concurrency = 1
  timeout_seconds      = 900
  # One whole processor: a file's bytes are read and summed before it goes.
  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
  memory_mb = 1769
  schedules = {
    clean    = merge(var.cleaning_schedule, { input = { mode = "clean" }, max_age_seconds = 3600 })
    continue = { expression = "rate(15 minutes)", timezone = var.cleaning_schedule.timezone, input = { mode = "continue" }, max_attempts = 1 }
  }
  heartbeat_hours   = local.alarms.heartbeat_hours.scratch_cleaner
  schedules_enabled = var.schedules_enabled

  role_arn = var.storage.client_role_arns["scratch_cleaner_${replace(each.key, "-", "_")}"]
  network  = var.network
  file_system = {
    access_point_arn = var.storage.access_point_arns[each.key]
    mount_path       = "/mnt/${each.key}"
  }

  environment = merge(local.common_environment, {
    POWERTOOLS_SERVICE_NAME = "scratch_cleaner_${replace(each.key, "-", "_")}"
    DATA_TOPIC_ARN          = var.topic_arns.data
    DIRECTORY               = each.key
    LAKE_BUCKET             = var.storage.lake_bucket
    MOUNT_PATH              = "/mnt/${each.key}"
    NEEDS_REPLICA           = tostring(var.cleaning_needs_replica)
    REPORTS_BUCKET          = var.storage.reports_bucket
    UNDO_DAYS               = tostring(var.cleaning_undo_days)
  })

  permissions = concat(local.keep_state.scratch_cleaner, [
    local.write_reports.scratch_cleaner,
    {
      # Otherwise S3 answers 403 instead of 404 where a file has no copy.
      sid       = "NoticeMissingCopies"
      actions   = ["s3:ListBucket"]
      resources = [var.storage.lake_bucket_arn]
    },
    {
      # For HeadObject: size, checksum and replication. S3 has no right that shows these and not the bytes.
      sid       = "LookAtCopies"
      actions   = ["s3:GetObject", "s3:GetObjectTagging"]
      resources = ["${var.storage.lake_bucket_arn}/*"]
    },
  ], local.publish_notices.data)

  failure_metrics = {
    CleaningFailures = "A cleaning cannot go on; it tries again every quarter of an hour."
    CleaningsMissed  = "No cleaning has come to its end for more than eight days."
    NoticesFailed    = "SNS did not take a notice."
  }

  key_arns                 = var.key_arns
  alarms                   = local.alarms
  alarm_topic_arn          = var.topic_arns.platform
  permissions_boundary_arn = var.permissions_boundary_arn
}
