module "transfer_starter" {
  source = "../function"

  name           = var.name
  function       = "transfer_starter"
  description    = "Starts every transfer in each of its slots unless it is under way"
  archive        = "${local.archives}/transfer_starter.zip"
  archive_bucket = var.storage.code_bucket
  layer_arns     = [aws_lambda_layer_version.dependencies.arn]

  # Never two at once, whatever the schedule does.
  reserved_concurrency = 1
  timeout_seconds      = 120
  schedules            = { usual = var.transfer_schedule }
  heartbeat_hours      = local.alarms.heartbeat_hours.transfer_starter
  schedules_enabled    = var.schedules_enabled

  environment = merge(local.common_environment, {
    POWERTOOLS_SERVICE_NAME = "transfer_starter"
    TRANSFER_TOPIC_ARN      = var.topic_arns.transfer
  })

  # AWS's service authorization data names no dependent action for StartTaskExecution: DataSync makes its network
  # interfaces when the location is created, with its own rights, so the starter needs nothing of EC2.
  # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsdatasync.html
  permissions = concat([
    {
      sid       = "StartTransfer"
      actions   = ["datasync:DescribeTask", "datasync:StartTaskExecution"]
      resources = local._transfer_task_arns
    },
    local.list_executions,
    local.describe_executions,
  ], local.publish_notices.transfer)

  failure_metrics = {
    TransferStartFailures = "A transfer cannot start until somebody mends the task."
    NoticesFailed         = "SNS did not take a notice."
  }

  key_arns                 = var.key_arns
  alarms                   = local.alarms
  alarm_topic_arn          = var.topic_arns.platform
  permissions_boundary_arn = var.permissions_boundary_arn
}
