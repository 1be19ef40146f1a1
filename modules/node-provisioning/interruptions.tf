# What makes Karpenter drain a node before AWS takes it: two minutes' notice of Spot, maintenance, and nodes that stop.
# https://karpenter.sh/docs/concepts/disruption/#interruption

locals {
  _interruptions = {
    health      = { source = "aws.health", detail-type = "AWS Health Event" }
    rebalance   = { source = "aws.ec2", detail-type = "EC2 Instance Rebalance Recommendation" }
    spot        = { source = "aws.ec2", detail-type = "EC2 Spot Instance Interruption Warning" }
    state       = { source = "aws.ec2", detail-type = "EC2 Instance State-change Notification" }
    reservation = { source = "aws.ec2", detail-type = "EC2 Capacity Reservation Instance Interruption Warning" }
  }

  _queue_name = "${var.cluster_name}-interruptions"
  # Made from the parts, so that the queue has its policy from the start.
  _queue_arn = "${local._arn}:sqs:${local.region}:${local.account_id}:${local._queue_name}"

  _queue_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = local._queue_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "Interruptions"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local._queue_arn
        Condition = { ArnEquals = { "aws:SourceArn" = values(aws_cloudwatch_event_rule.interruption)[*].arn } }
      },
    ]
  }
}

resource "aws_sqs_queue" "interruptions" {
  name                              = local._queue_name
  policy                            = jsonencode(local._queue_policy)
  message_retention_seconds         = 300 # older news of a node is of no use
  kms_master_key_id                 = var.key_arns.alerts
  kms_data_key_reuse_period_seconds = 300
}

resource "aws_cloudwatch_event_rule" "interruption" {
  for_each = local._interruptions

  name          = "${local._queue_name}-${each.key}"
  description   = "Tells Karpenter: ${each.value.detail-type}"
  event_pattern = jsonencode({ source = [each.value.source], detail-type = [each.value.detail-type] })
}

resource "aws_cloudwatch_event_target" "interruption" {
  for_each = aws_cloudwatch_event_rule.interruption

  rule      = each.value.name
  target_id = "karpenter"
  arn       = aws_sqs_queue.interruptions.arn
}
