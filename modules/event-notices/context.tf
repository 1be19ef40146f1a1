data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}

locals {
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  region    = data.aws_region.this.name

  _primary_bus = "arn:${local.partition}:events:${local.region}:${local.account}:event-bus/default"

  # An alarm publishes to topics of its own region only, so those of the recovery region are told as events. The patterns differ in
  # nothing else from those of the other rules.
  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
  _alarm_rules = length(var.recovery_alarm_arns) == 0 ? {} : {
    recovery-alarms = {
      about = "an alarm of the recovery region went off or is over"
      pattern = jsonencode({
        source        = ["aws.cloudwatch"]
        "detail-type" = ["CloudWatch Alarm State Change"]
        resources     = sort(var.recovery_alarm_arns)
        detail        = { state = { value = ["ALARM", "OK"] } }
      })
      paths = {
        alarm = "$.resources[0]"
        about = "$.detail.configuration.description"
        state = "$.detail.state.value"
        time  = "$.time"
        why   = "$.detail.state.reason"
      }
      text = "<state> at <time>: <alarm>. <about> CloudWatch says: <why>"
    }
  }

  rules = merge(var.rules, local._alarm_rules)
}
