locals {
  _monitor_arn = var.create_anomaly_monitor ? one(aws_ce_anomaly_monitor.services[*].arn) : var.anomaly_monitor_arn

  # At once goes to topics only, e-mail comes once a day or a week.
  # https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_AnomalySubscription.html
  _subscriptions = !var.cost_explorer ? {} : merge(
    { topic = { frequency = "IMMEDIATE", subscribers = { (var.topic_arn) = "SNS" } } },
    length(var.email_addresses) == 0 ? {} : {
      email = { frequency = "DAILY", subscribers = { for address in var.email_addresses : address => "EMAIL" } }
    },
  )
}

resource "aws_ce_anomaly_monitor" "services" {
  count = var.cost_explorer && var.create_anomaly_monitor ? 1 : 0

  name              = "${var.name}-services"
  monitor_type      = "DIMENSIONAL"
  monitor_dimension = "SERVICE"
}

resource "aws_ce_anomaly_subscription" "this" {
  for_each = local._subscriptions

  name             = "${var.name}-anomalies-${each.key}"
  frequency        = each.value.frequency
  monitor_arn_list = [local._monitor_arn]

  dynamic "subscriber" {
    for_each = each.value.subscribers

    content {
      type    = subscriber.value
      address = subscriber.key
    }
  }

  threshold_expression {
    dimension {
      key           = "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
      match_options = ["GREATER_THAN_OR_EQUAL"]
      values        = [tostring(var.anomaly_usd)]
    }
  }
}

resource "aws_ce_cost_allocation_tag" "this" {
  for_each = var.cost_explorer ? var.allocation_tags : []

  tag_key = each.key
  status  = "Active"
}
