locals {
  # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-resources-for-iam-policies
  _batch_jobs = "arn:${local.partition}:s3:${local.region}:${local.account}:job/*"
  _manifests  = "${var.storage.reports_bucket_arn}/automation-state/tag_backfill/runs/*"
}

# What S3 Batch Operations acts as: https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-iam-role-policies.html
resource "aws_iam_role" "backfill_jobs" {
  name                 = "${var.name}-tag-backfill-jobs"
  description          = "What the backfill's jobs of S3 Batch Operations act as"
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LetBatchOperationsAct"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "batchoperations.s3.amazonaws.com" }
      # Jobs of this account only, against the confused deputy.
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "backfill_jobs" {
  name = "jobs"
  role = aws_iam_role.backfill_jobs.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Manifests name versions. Never a tag set without a class: that would hide the object from everyone.
        Sid       = "WriteTags"
        Effect    = "Allow"
        Action    = ["s3:PutObjectVersionTagging"]
        Resource  = "${var.storage.lake_bucket_arn}/*"
        Condition = { Null = { "s3:RequestObjectTag/data_class" = "false" } }
      },
      {
        Sid      = "ReadManifestsWriteReports"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
        Resource = local._manifests
      },
      {
        Sid       = "EncryptReports"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = var.key_arns.lake
        Condition = { StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" } }
      },
    ]
  })
}

module "tag_backfill" {
  source = "../function"

  name           = var.name
  function       = "tag_backfill"
  description    = "Tags what lies in the data lake already, in slices, directly or by jobs of S3 Batch Operations"
  archive        = "${local.archives}/tag_backfill.zip"
  archive_bucket = var.storage.code_bucket
  layer_arns     = [aws_lambda_layer_version.dependencies.arn]

  # One works, one may queue or cancel meanwhile; the run's document keeps two from working on it.
  reserved_concurrency = 2
  timeout_seconds      = 900
  memory_mb            = 1024
  retry                = { attempts = 2, max_age_seconds = 21600 }
  schedules            = { continue = merge(var.backfill_schedule, { max_attempts = 1 }) }
  heartbeat_hours      = local.alarms.heartbeat_hours.tag_backfill
  schedules_enabled    = var.schedules_enabled

  environment = merge(local.common_environment, {
    POWERTOOLS_SERVICE_NAME = "tag_backfill"
    ACCOUNT_ID              = local.account
    BATCH_ROLE_ARN          = aws_iam_role.backfill_jobs.arn
    DATA_TOPIC_ARN          = var.topic_arns.data
    LAKE_BUCKET             = var.storage.lake_bucket
    REPORTS_BUCKET          = var.storage.reports_bucket
  })

  permissions = concat(local.keep_state.tag_backfill, [
    local.write_reports.tag_backfill,
    {
      sid       = "ListLake"
      actions   = ["s3:ListBucket", "s3:ListBucketVersions"]
      resources = [var.storage.lake_bucket_arn]
    },
    {
      sid       = "ReadTags"
      actions   = ["s3:GetObjectTagging", "s3:GetObjectVersionTagging"]
      resources = ["${var.storage.lake_bucket_arn}/*"]
    },
    {
      # Never a tag set without a class: that would hide the object from everyone.
      sid        = "WriteTags"
      actions    = ["s3:PutObjectVersionTagging"]
      resources  = ["${var.storage.lake_bucket_arn}/*"]
      conditions = [{ test = "Null", variable = "s3:RequestObjectTag/data_class", values = ["false"] }]
    },
    {
      sid             = "AskForTaggingJobs"
      actions         = ["s3:CreateJob"]
      resources       = ["*"]
      wildcard_reason = "A job has no ARN before it is made: AWS offers no resource-level permission for s3:CreateJob."
      conditions      = [{ test = "StringEquals", variable = "s3:RequestJobOperation", values = ["S3PutObjectTagging"] }]
    },
    {
      sid       = "FollowJobs"
      actions   = ["s3:DescribeJob", "s3:UpdateJobStatus"]
      resources = [local._batch_jobs]
    },
    {
      sid        = "HandOverJobRole"
      actions    = ["iam:PassRole"]
      resources  = [aws_iam_role.backfill_jobs.arn]
      conditions = [{ test = "StringEquals", variable = "iam:PassedToService", values = ["batchoperations.s3.amazonaws.com"] }]
    },
  ], local.publish_notices.data)

  failure_metrics = {
    BackfillFailures = "A backfill cannot go on, or left objects untagged."
    BatchJobsRefused = "S3 did not take a job; the function tags its objects, which takes longer."
    BatchJobsFailed  = "A job did not complete; the function tags its objects, which takes longer."
    NoticesFailed    = "SNS did not take a notice."
  }

  key_arns                 = var.key_arns
  alarms                   = local.alarms
  alarm_topic_arn          = var.topic_arns.platform
  permissions_boundary_arn = var.permissions_boundary_arn
}
