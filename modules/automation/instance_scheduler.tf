module "instance_scheduler" {
  source = "../function"

  name           = var.name
  function       = "instance_scheduler"
  description    = "Stops test instances outside their testing hours, and may start again what it stopped"
  archive        = "${local.archives}/instance_scheduler.zip"
  archive_bucket = var.storage.code_bucket
  layer_arns     = [aws_lambda_layer_version.dependencies.arn]

  reserved_concurrency = 1
  timeout_seconds      = 180
  schedules            = { look = var.instance_look_schedule }
  heartbeat_hours      = local.alarms.heartbeat_hours.instance_scheduler
  schedules_enabled    = var.schedules_enabled

  environment = merge(local.common_environment, {
    POWERTOOLS_SERVICE_NAME = "instance_scheduler"
    PLATFORM_TOPIC_ARN      = var.topic_arns.platform
    REPORTS_BUCKET          = var.storage.reports_bucket
    SCHEDULES               = jsonencode(var.testing_hours)
    HOLIDAYS                = jsonencode(sort(var.testing_holidays))
    OVERRIDE_HOURS          = tostring(var.instance_override_hours)
    BUSY_CPU_PERCENT        = tostring(var.busy_instance.cpu_percent)
    BUSY_WINDOW_MINUTES     = tostring(var.busy_instance.window_minutes)
  })

  permissions = concat([
    {
      sid             = "ReadMetrics"
      actions         = ["cloudwatch:GetMetricData"]
      resources       = ["*"]
      wildcard_reason = "CloudWatch offers no resource-level permission for reading metrics."
    },
    {
      sid             = "Look"
      actions         = ["ec2:DescribeInstances"]
      resources       = ["*"]
      wildcard_reason = "EC2 offers no resource-level permission for describing instances."
    },
    {
      sid       = "StopAndStartScheduledInstances"
      actions   = ["ec2:StartInstances", "ec2:StopInstances"]
      resources = [local.ec2_arns.instance]
      conditions = [
        { test = "Null", variable = "aws:ResourceTag/kosha:schedule", values = ["false"] },
        # The same protection that the function looks for.
        { test = "StringEqualsIgnoreCaseIfExists", variable = "aws:ResourceTag/kosha:protect", values = ["", "false"] },
      ]
    },
    {
      sid       = "MarkScheduledInstances"
      actions   = ["ec2:CreateTags", "ec2:DeleteTags"]
      resources = [local.ec2_arns.instance]
      conditions = [
        { test = "ForAllValues:StringEquals", variable = "aws:TagKeys", values = ["kosha:stopped-at"] },
        { test = "Null", variable = "aws:TagKeys", values = ["false"] },
        { test = "Null", variable = "aws:ResourceTag/kosha:schedule", values = ["false"] },
      ]
    },
    {
      # EC2 opens encrypted volumes by a grant that it makes with the caller's rights.
      # https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
      sid       = "LetEc2OpenVolumes"
      actions   = ["kms:CreateGrant"]
      resources = [var.key_arns.volumes]
      conditions = [
        { test = "Bool", variable = "kms:GrantIsForAWSResource", values = ["true"] },
        { test = "StringEquals", variable = "kms:ViaService", values = ["ec2.${local.region}.amazonaws.com"] },
      ]
    },
  ], local.keep_state.instance_scheduler, local.publish_notices.platform)

  failure_metrics = {
    InstanceFailures = "Instances could not be stopped or started, or say something of themselves that cannot be understood."
    NoticesFailed    = "SNS did not take a notice."
  }

  key_arns                 = var.key_arns
  alarms                   = local.alarms
  alarm_topic_arn          = var.topic_arns.platform
  permissions_boundary_arn = var.permissions_boundary_arn
}
