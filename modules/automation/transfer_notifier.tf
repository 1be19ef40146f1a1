module "transfer_notifier" {
  source = "../function"

  name           = var.name
  function       = "transfer_notifier"
  description    = "Turns the end of a transfer, good or bad, into a notice"
  archive        = "${local.archives}/transfer_notifier.zip"
  archive_bucket = var.storage.code_bucket
  layer_arns     = [aws_lambda_layer_version.dependencies.arn]

  reserved_concurrency = 2
  timeout_seconds      = 60
  event_patterns       = { transfer-ended = local.transfer_ended }

  environment = merge(local.common_environment, {
    POWERTOOLS_SERVICE_NAME = "transfer_notifier"
    TRANSFER_TOPIC_ARN      = var.topic_arns.transfer
  })

  permissions = concat([
    local.describe_executions,
  ], local.publish_notices.transfer)

  failure_metrics = {
    TransfersFailed = "A transfer ended in ERROR."
    NoticesFailed   = "SNS did not take a notice."
  }

  key_arns                 = var.key_arns
  alarms                   = local.alarms
  alarm_topic_arn          = var.topic_arns.platform
  permissions_boundary_arn = var.permissions_boundary_arn
}
