locals {
  # Protocol -> what its endpoints look like.
  endpoint_forms = {
    email  = "^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$"
    https  = "^https://[^[:space:]]+$"
    lambda = "^arn:[a-z-]+:lambda:"
    sms    = "^[+][1-9][0-9]{6,14}$"
    sqs    = "^arn:[a-z-]+:sqs:"
  }
}

resource "aws_sns_topic_subscription" "this" {
  for_each = var.subscriptions

  topic_arn = aws_sns_topic.this[each.value.topic].arn
  protocol  = each.value.protocol
  endpoint  = each.value.endpoint
}
