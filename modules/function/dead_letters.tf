locals {
  _dead_letter_name = "${local.function_name}-dead-letters"
  # Made from the parts, so that the queue has its policy from the start.
  _dead_letter_arn = "${local._arn}:sqs:${local.region}:${local.account_id}:${local._dead_letter_name}"

  # The schedule and the function send with their own roles; EventBridge rules send as the service and need this policy.
  # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
  _dead_letter_policy = {
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = local._dead_letter_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      [for rules in [values(aws_cloudwatch_event_rule.this)[*].arn] : {
        Sid       = "UndeliveredEvents"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local._dead_letter_arn
        Condition = { ArnEquals = { "aws:SourceArn" = rules } }
      } if length(var.event_patterns) > 0],
    )
  }
}

resource "aws_sqs_queue" "dead_letter" {
  name                              = local._dead_letter_name
  policy                            = jsonencode(local._dead_letter_policy)
  message_retention_seconds         = 14 * 24 * 3600 # the longest SQS allows
  kms_master_key_id                 = var.key_arns.alerts
  kms_data_key_reuse_period_seconds = 300
}
