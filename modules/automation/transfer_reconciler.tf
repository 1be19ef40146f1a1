module "transfer_reconciler" {
  source = "../function"

  name           = var.name
  function       = "transfer_reconciler"
  description    = "Notices slots without a transfer and endings nobody heard of, and has them made good"
  archive        = "${local.archives}/transfer_reconciler.zip"
  archive_bucket = var.storage.code_bucket
  layer_arns     = [aws_lambda_layer_version.dependencies.arn]

  reserved_concurrency = 1
  timeout_seconds      = 300
  schedules            = { usual = var.reconciler_schedule }
  heartbeat_hours      = local.alarms.heartbeat_hours.transfer_reconciler
  schedules_enabled    = var.schedules_enabled

  environment = merge(local.common_environment, {
    POWERTOOLS_SERVICE_NAME = "transfer_reconciler"
    TRANSFER_TOPIC_ARN      = var.topic_arns.transfer
    REPORTS_BUCKET          = var.storage.reports_bucket
    OBJECT_TAGGER_ARN       = module.object_tagger.arn
    TAG_BACKFILL_ARN        = module.tag_backfill.arn
  })

  permissions = concat([
    local.list_executions,
    local.describe_executions,
    {
      sid        = "FindReceipts"
      actions    = ["s3:ListBucket"]
      resources  = [var.storage.reports_bucket_arn]
      conditions = [{ test = "StringLike", variable = "s3:prefix", values = ["automation-state/object_tagger/*"] }]
    },
    {
      sid       = "ReadReceipts"
      actions   = ["s3:GetObject"] # the key: keep_state
      resources = ["${var.storage.reports_bucket_arn}/automation-state/object_tagger/*"]
    },
    {
      sid       = "CallTheTagger"
      actions   = ["lambda:InvokeFunction"]
      resources = [module.object_tagger.arn, module.tag_backfill.arn]
    },
  ], local.keep_state.transfer_reconciler, local.publish_notices.transfer)

  failure_metrics = {
    SlotsMissed         = "A transfer did not run in one of its slots: files wait on the shared storage."
    EventsMissing       = "The end of a transfer was not tagged: its event never came, or tagging failed."
    ExecutionsNotTagged = "What a transfer brought is not tagged after three more calls."
    NoticesFailed       = "SNS did not take a notice."
  }

  key_arns                 = var.key_arns
  alarms                   = local.alarms
  alarm_topic_arn          = var.topic_arns.platform
  permissions_boundary_arn = var.permissions_boundary_arn
}
