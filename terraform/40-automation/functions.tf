# What the functions share. Each has a file of its own beside this one.

locals {
  _transfer_executions = "${local.storage.transfer_task_arn}/execution/*"

  archives = {
    for function in ["transfer_starter", "object_tagger", "transfer_notifier"] :
    function => "${path.root}/${var.functions_dir}/${function}.zip"
  }

  # https://docs.aws.amazon.com/powertools/python/latest/#environment-variables ; the service name is added per function.
  common_environment = {
    ENVIRONMENT                  = var.environment
    TRANSFER_TASK_ARN            = local.storage.transfer_task_arn
    POWERTOOLS_METRICS_NAMESPACE = "Kosha"
    POWERTOOLS_LOG_LEVEL         = var.function_log_level
  }

  describe_executions = {
    sid       = "DescribeExecutions"
    actions   = ["datasync:DescribeTaskExecution"]
    resources = [local._transfer_executions]
  }

  # The topics are encrypted: SNS asks the key in the publisher's name.
  # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
  encrypt_notices = {
    sid       = "EncryptNotices"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.foundation.key_arns.alerts]
    conditions = [
      { test = "StringEquals", variable = "kms:ViaService", values = ["sns.${module.naming.region}.amazonaws.com"] },
    ]
  }

  # The pattern takes this task's executions only. DataSync sends its events at best effort.
  # https://docs.aws.amazon.com/datasync/latest/userguide/events.html
  transfer_ended = {
    for name, states in { transfer-succeeded = ["SUCCESS"], transfer-ended = ["SUCCESS", "ERROR"] } : name => jsonencode({
      source      = ["aws.datasync"]
      detail-type = ["DataSync Task Execution State Change"]
      resources   = [{ prefix = "${local.storage.transfer_task_arn}/execution/" }]
      detail      = { State = states }
    })
  }
}
