resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name          = "${var.name}-${each.key}"
  description   = "Tells that ${each.value.about}"
  event_pattern = each.value.pattern
}

resource "aws_cloudwatch_event_target" "notice" {
  for_each = local.rules

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "notice"
  arn       = var.topic_arn

  input_transformer {
    input_paths    = each.value.paths
    input_template = "\"${each.value.text}\"" # jsonencode would write < and > as \\u003c and \\u003e, and nothing were filled in
  }
}

# A rule reaches targets of its own region only, but for an event bus: events of the recovery region go to the primary's default
# bus, where the same patterns wait for them. If the primary is lost, nobody is told by these rules.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
resource "aws_cloudwatch_event_rule" "recovery" {
  for_each = local.rules
  provider = aws.recovery

  name          = "${var.name}-${each.key}"
  description   = "Tells the primary region that ${each.value.about}"
  event_pattern = each.value.pattern
}

resource "aws_cloudwatch_event_target" "primary_bus" {
  for_each = local.rules
  provider = aws.recovery

  rule      = aws_cloudwatch_event_rule.recovery[each.key].name
  target_id = "primary-bus"
  arn       = local._primary_bus
  role_arn  = aws_iam_role.forward.arn
}
