resource "aws_cloudwatch_log_subscription_filter" "this" {
  for_each = var.log_filters

  name            = "${local.function_name}-${each.key}"
  log_group_name  = each.value.log_group_name
  filter_pattern  = each.value.pattern
  destination_arn = aws_lambda_function.this.arn

  # CloudWatch Logs tries the destination when the filter is made.
  depends_on = [aws_lambda_permission.log_filter]
}

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#LambdaFunctionExample
resource "aws_lambda_permission" "log_filter" {
  for_each = var.log_filters

  statement_id   = "log-filter-${each.key}"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.this.function_name
  principal      = "logs.${local.region}.amazonaws.com"
  source_arn     = "${local._arn}:logs:${local.region}:${local.account_id}:log-group:${each.value.log_group_name}:*"
  source_account = local.account_id
}
