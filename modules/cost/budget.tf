locals {
  # ACTUAL/80 -> its kind and percent; sorted by Terraform, so that two plans agree.
  _notifications = merge(
    { for percent in var.actual_percent : "ACTUAL/${percent}" => { kind = "ACTUAL", percent = percent } },
    { for percent in var.forecast_percent : "FORECASTED/${percent}" => { kind = "FORECASTED", percent = percent } },
  )
}

# Budgets are of the account, not of a region; what is in it are sums.
resource "aws_budgets_budget" "monthly" {
  name         = "${var.name}-monthly"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = format("%.1f", var.monthly_usd) # as AWS shows it, or every plan would change it
  limit_unit   = "USD"

  dynamic "notification" {
    for_each = local._notifications

    content {
      notification_type          = notification.value.kind
      comparison_operator        = "GREATER_THAN"
      threshold                  = notification.value.percent
      threshold_type             = "PERCENTAGE"
      subscriber_sns_topic_arns  = [var.topic_arn]
      subscriber_email_addresses = var.email_addresses
    }
  }
}
