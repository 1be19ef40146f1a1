# What the functions share. Each has a file of its own beside this one.

locals {
  _transfer_task_arns = [for transfer in values(var.storage.transfers) : transfer.task_arn]

  # What belongs to EC2 in this account and region. Snapshots have no account in their ARN.
  # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
  ec2_arns = {
    for kind, account in { instance = local.account, volume = local.account, snapshot = "" } :
    kind => "arn:${local.partition}:ec2:${local.region}:${account}:${kind}/*"
  }

  # What tells of every function; 70-observability has the rest of the file.
  alarms = yamldecode(file("${path.module}/../../catalog/alarms.yaml")).functions

  archives = "${path.root}/${var.functions_dir}"

  # https://docs.aws.amazon.com/powertools/python/latest/#environment-variables ; the service name is added per function.
  common_environment = {
    ENVIRONMENT                  = var.environment
    TRANSFERS                    = jsonencode(var.storage.transfers)
    POWERTOOLS_METRICS_NAMESPACE = "Kosha"
    POWERTOOLS_LOG_LEVEL         = var.function_log_level
  }

  # What a function remembers between runs, and the reports it writes for people: each below its own name in the reports
  # bucket (common/state.py, common/reports.py).
  keep_state = {
    for function in ["instance_scheduler", "log_alerter", "object_tagger", "scratch_cleaner", "tag_auditor", "tag_backfill", "transfer_reconciler"] : function => [
      {
        # Otherwise S3 answers 403 instead of 404 for what is not there yet.
        sid        = "FindState"
        actions    = ["s3:ListBucket"]
        resources  = [var.storage.reports_bucket_arn]
        conditions = [{ test = "StringLike", variable = "s3:prefix", values = ["automation-state/${function}/*"] }]
      },
      {
        sid       = "KeepState"
        actions   = ["s3:GetObject", "s3:PutObject"]
        resources = ["${var.storage.reports_bucket_arn}/automation-state/${function}/*"]
      },
      {
        sid       = "EncryptState"
        actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
        resources = [var.key_arns.lake]
        conditions = [
          { test = "StringEquals", variable = "kms:ViaService", values = ["s3.${local.region}.amazonaws.com"] },
        ]
      },
    ]
  }

  # Goes with keep_state, which holds the right to the key.
  write_reports = {
    for function in ["scratch_cleaner", "tag_auditor", "tag_backfill"] : function => {
      sid       = "WriteReports"
      actions   = ["s3:PutObject"]
      resources = ["${var.storage.reports_bucket_arn}/automation-reports/${function}/*"]
    }
  }

  publish_notices = {
    for topic in ["transfer", "data", "platform"] : topic => [
      {
        sid       = "PublishNotices"
        actions   = ["sns:Publish"]
        resources = [var.topic_arns[topic]]
      },
      local.encrypt_notices,
    ]
  }

  # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsdatasync.html
  list_executions = {
    sid             = "ListTransfers"
    actions         = ["datasync:ListTaskExecutions"]
    resources       = ["*"]
    wildcard_reason = "DataSync offers no resource-level permission for listing executions."
  }

  describe_executions = {
    sid       = "DescribeExecutions"
    actions   = ["datasync:DescribeTaskExecution"]
    resources = [for arn in local._transfer_task_arns : "${arn}/execution/*"]
  }

  # The topics are encrypted: SNS asks the key in the publisher's name.
  # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
  encrypt_notices = {
    sid       = "EncryptNotices"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.key_arns.alerts]
    conditions = [
      { test = "StringEquals", variable = "kms:ViaService", values = ["sns.${local.region}.amazonaws.com"] },
    ]
  }

  # The pattern takes the executions of our tasks only. DataSync sends its events at best effort.
  # https://docs.aws.amazon.com/datasync/latest/userguide/events.html
  transfer_ended = jsonencode({
    source      = ["aws.datasync"]
    detail-type = ["DataSync Task Execution State Change"]
    resources   = [for arn in local._transfer_task_arns : { prefix = "${arn}/execution/" }]
    detail      = { State = ["SUCCESS", "ERROR"] }
  })
}

# The functions' dependencies, once for all of them: most of the bytes, and what changes least.
resource "aws_s3_object" "dependencies" {
  bucket             = var.storage.code_bucket
  key                = "layers/${var.name}-dependencies.zip"
  source             = "${local.archives}/dependencies.zip"
  source_hash        = filebase64sha256("${local.archives}/dependencies.zip")
  kms_key_id         = var.key_arns.functions
  bucket_key_enabled = true
}

resource "aws_lambda_layer_version" "dependencies" {
  layer_name               = "${var.name}-dependencies"
  description              = "Libraries of the functions, as uv.lock has them"
  s3_bucket                = aws_s3_object.dependencies.bucket
  s3_key                   = aws_s3_object.dependencies.key
  s3_object_version        = aws_s3_object.dependencies.version_id
  source_code_hash         = filebase64sha256("${local.archives}/dependencies.zip")
  compatible_runtimes      = ["python3.13"]
  compatible_architectures = ["arm64"]

  # A function that has a version goes on after the version is deleted, but cannot be changed to it.
  # https://docs.aws.amazon.com/lambda/latest/dg/creating-deleting-layers.html
  lifecycle {
    create_before_destroy = true
  }
}
