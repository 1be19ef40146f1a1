# The topic lies in the primary region, and a rule reaches targets of its own region only, but for an event bus. So events of the recovery
# region go to the primary's default bus, where the same patterns wait for them. If the
# primary is lost, nobody is told by these rules; that is one of many things the recovery then has to bring up.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html

locals {
  _primary_bus = "arn:${local.partition}:events:${local.region}:${local.account}:event-bus/default"

  recovery_rules = { for name, rule in local.event_rules : name => rule if rule.in_recovery }
}

resource "aws_cloudwatch_event_rule" "recovery" {
  for_each = local.recovery_rules
  provider = aws.recovery

  name          = "${local.trail_name}-${each.key}"
  description   = "Tells the primary region that ${each.value.about}"
  event_pattern = each.value.pattern
}

resource "aws_cloudwatch_event_target" "primary_bus" {
  for_each = local.recovery_rules
  provider = aws.recovery

  rule      = aws_cloudwatch_event_rule.recovery[each.key].name
  target_id = "primary-bus"
  arn       = local._primary_bus
  role_arn  = aws_iam_role.forward.arn
}

resource "aws_iam_role" "forward" {
  name        = "${local.trail_name}-forward"
  description = "EventBridge brings events of the recovery region to the primary with this role"

  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "forward" {
  name = "forward"
  role = aws_iam_role.forward.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "PutEventsOnPrimaryBus"
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = local._primary_bus
    }]
  })
}
