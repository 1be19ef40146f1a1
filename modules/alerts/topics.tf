data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id

  # Worked out, not read from the resource: policies are then complete in the plan.
  topic_arns = {
    for purpose in keys(var.topics) : purpose =>
    "arn:${data.aws_partition.current.partition}:sns:${var.region}:${local.account_id}:${var.name}-${purpose}"
  }
}

resource "aws_sns_topic" "this" {
  for_each = var.topics

  name              = "${var.name}-${each.key}"
  display_name      = each.value
  kms_master_key_id = var.key_arn
  signature_version = 2 # SHA-256; the default is SHA-1
}

resource "aws_sns_topic_policy" "this" {
  for_each = var.topics

  arn = aws_sns_topic.this[each.key].arn

  # Takes the place of the default policy. Principals of this account need no statement: their IAM policies suffice.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        # https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html#enforce-encryption-data-in-transit
        {
          Sid       = "RefuseWithoutTls"
          Effect    = "Deny"
          Principal = "*"
          Action    = "sns:Publish"
          Resource  = local.topic_arns[each.key]
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
      ],
      length(var.publishers) == 0 ? [] : [
        # The condition keeps alarms of other accounts out.
        {
          Sid       = "PublishFromServicesOfThisAccount"
          Effect    = "Allow"
          Principal = { Service = sort(var.publishers) }
          Action    = "sns:Publish"
          Resource  = local.topic_arns[each.key]
          Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
        },
      ],
      # EventBridge gives SNS nothing to check: with a condition, whatever it is, no event arrives, and nothing says so. What is
      # left open: a rule of another account could send a notice here. It could read none.
      # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
      !contains(var.event_topics, each.key) ? [] : [
        {
          Sid       = "PublishEvents"
          Effect    = "Allow"
          Principal = { Service = "events.amazonaws.com" }
          Action    = "sns:Publish"
          Resource  = local.topic_arns[each.key]
        },
      ],
    )
  })
}
