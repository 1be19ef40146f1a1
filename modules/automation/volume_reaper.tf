locals {
  _recovery = yamldecode(file("${path.module}/../../catalog/recovery.yaml"))
}

module "volume_reaper" {
  source = "../function"

  name           = var.name
  function       = "volume_reaper"
  description    = "Marks unattached volumes, and after a month takes a last snapshot and deletes them"
  archive        = "${local.archives}/volume_reaper.zip"
  archive_bucket = var.storage.code_bucket
  layer_arns     = [aws_lambda_layer_version.dependencies.arn]

  reserved_concurrency = 1
  timeout_seconds      = 300
  schedules = {
    watch = merge(var.volume_watch_schedule, { input = { mode = "watch" } })
    reap  = merge(var.volume_reap_schedule, { input = { mode = "reap" } })
  }
  heartbeat_hours   = local.alarms.heartbeat_hours.volume_reaper
  schedules_enabled = var.schedules_enabled

  environment = merge(local.common_environment, {
    POWERTOOLS_SERVICE_NAME = "volume_reaper"
    PLATFORM_TOPIC_ARN      = var.topic_arns.platform
    WINDOW_DAYS             = tostring(var.volume_window_days)
    SNAPSHOT_RETENTION_DAYS = tostring(local._recovery.final_snapshots.keep_days)
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
      actions         = ["ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"]
      resources       = ["*"]
      wildcard_reason = "EC2 offers no resource-level permission for these Describe actions."
    },
    {
      sid        = "MarkVolumes"
      actions    = ["ec2:CreateTags", "ec2:DeleteTags"]
      resources  = [local.ec2_arns.volume]
      conditions = [{ test = "ForAllValues:StringEquals", variable = "aws:TagKeys", values = ["kosha:unattached-since"] }]
    },
    {
      sid        = "SnapMarkedVolumes"
      actions    = ["ec2:CreateSnapshot"]
      resources  = [local.ec2_arns.volume]
      conditions = [{ test = "Null", variable = "aws:ResourceTag/kosha:unattached-since", values = ["false"] }]
    },
    {
      sid        = "MakeFinalSnapshots"
      actions    = ["ec2:CreateSnapshot"]
      resources  = [local.ec2_arns.snapshot]
      conditions = [{ test = "Null", variable = "aws:RequestTag/kosha:final-snapshot-of", values = ["false"] }]
    },
    {
      sid        = "TagFinalSnapshots"
      actions    = ["ec2:CreateTags"]
      resources  = [local.ec2_arns.snapshot]
      conditions = [{ test = "StringEquals", variable = "ec2:CreateAction", values = ["CreateSnapshot"] }]
    },
    {
      sid        = "DeleteMarkedVolumes"
      actions    = ["ec2:DeleteVolume"]
      resources  = [local.ec2_arns.volume]
      conditions = [{ test = "Null", variable = "aws:ResourceTag/kosha:unattached-since", values = ["false"] }]
    },
    {
      sid        = "DeleteFinalSnapshots"
      actions    = ["ec2:DeleteSnapshot"]
      resources  = [local.ec2_arns.snapshot]
      conditions = [{ test = "Null", variable = "aws:ResourceTag/kosha:final-snapshot-of", values = ["false"] }]
    },
  ], local.publish_notices.platform)

  failure_metrics = {
    VolumeFailures = "Volumes could not be marked, snapshotted or deleted."
    NoticesFailed  = "SNS did not take a notice."
  }

  key_arns                 = var.key_arns
  alarms                   = local.alarms
  alarm_topic_arn          = var.topic_arns.platform
  permissions_boundary_arn = var.permissions_boundary_arn
}
