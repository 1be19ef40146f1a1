resource "aws_cloudwatch_event_rule" "this" {
  for_each = var.event_patterns

  name          = "${local.function_name}-${each.key}"
  description   = "Calls ${local.function_name}"
  event_pattern = each.value
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = aws_cloudwatch_event_rule.this

  rule      = each.value.name
  target_id = local.kebab
  arn       = aws_lambda_function.this.arn

  dead_letter_config {
    arn = aws_sqs_queue.dead_letter.arn
  }

  # An event is delivered late rather than never: a day, the most EventBridge offers.
  retry_policy {
    maximum_event_age_in_seconds = 24 * 3600
    maximum_retry_attempts       = 185
  }
}

resource "aws_lambda_permission" "event" {
  for_each = aws_cloudwatch_event_rule.this

  statement_id  = "event-${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  principal     = "events.amazonaws.com"
  source_arn    = each.value.arn
}
