# Burn alarms in two windows, as https://sre.google/workbook/alerting-on-slos/ makes them: the long one says that it matters, the
# short one that it still goes on. A window of periods is one alarm that asks for a share of them (M of N), a window of events
# one alarm over a period as long as the window.
locals {
  _windows = merge([
    for name, slo in var.slos : merge([
      for speed, burn in slo.burn : {
        for kind, minutes in { long = burn.long, short = burn.short } : "${name}-${speed}-${kind}" => {
          slo                       = name
          share                     = tonumber(format("%.6f", (1 - slo.objective / 100) * burn.rate)) # or 5 % is a little less than 5 %
          period                    = slo.counts == "events" ? minutes * 60 : slo.period
          number                    = slo.counts == "events" ? 1 : minutes * 60 / coalesce(slo.period, 60)
        }
      }
    ]...)
  ]...)

  _burns = merge([
    for name, slo in var.slos : { for speed, burn in slo.burn : "${name}-${speed}" => merge(burn, { slo = name, speed = speed }) }
  ]...)
}

resource "aws_cloudwatch_metric_alarm" "window" {
  for_each = local._windows

  alarm_name        = "${var.name}-slo-${each.key}"
  alarm_description = "A window of the burn alarm ${var.name}-slo-${each.value.slo}, which tells. Runbook: ${var.slos[each.value.slo].runbook}"

  comparison_operator = var.slos[each.value.slo].bad.below != null ? "LessThanThreshold" : "GreaterThanThreshold"
  threshold           = var.slos[each.value.slo].counts == "events" ? 100 * each.value.share : coalesce(var.slos[each.value.slo].bad.above, var.slos[each.value.slo].bad.below)
  evaluation_periods  = each.value.number
  datapoints_to_alarm = max(1, ceil(each.value.share * each.value.number))
  treat_missing_data  = "notBreaching" # what is not measured breaks no promise; that it is not measured is told by other alarms

  dynamic "metric_query" {
    for_each = {
      for id, metric in { value = var.slos[each.value.slo].metric, bad = var.slos[each.value.slo].bad, total = var.slos[each.value.slo].total } :
      id => metric if(id == "value") == (var.slos[each.value.slo].counts == "periods")
    }

    content {
      id          = metric_query.key
      return_data = var.slos[each.value.slo].counts == "periods"

      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.name
        dimensions  = metric_query.value.dimensions
        stat        = metric_query.value.statistic
        period      = each.value.period
      }
    }
  }

  dynamic "metric_query" {
    for_each = var.slos[each.value.slo].counts == "events" ? ["100 * FILL(bad, 0) / total"] : []

    content {
      id          = "share"
      expression  = metric_query.value
      label       = "bad of all, in percent"
      return_data = true
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "burn" {
  for_each = local._burns

  alarm_name = "${var.name}-slo-${each.key}"
  alarm_description = join(" ", [
    "At risk: ${var.slos[each.value.slo].means}",
    "For ${each.value.long} minutes errors have come ${each.value.rate} times as fast as ${var.slos[each.value.slo].objective} % of 28 days allow.",
    "(${each.value.speed == "fast" ? "critical" : "warning"}, ${var.slos[each.value.slo].audience}) Runbook: ${var.slos[each.value.slo].runbook}",
  ])
  alarm_rule = join(" AND ", [for kind in ["long", "short"] : "ALARM(\"${aws_cloudwatch_metric_alarm.window["${each.key}-${kind}"].alarm_name}\")"])

  alarm_actions = var.tell
  ok_actions    = var.tell

  dynamic "actions_suppressor" {
    for_each = var.slos[each.value.slo].quiet_while[*]

    content {
      alarm            = var.suppressors[actions_suppressor.value]
      wait_period      = var.wait.wait_period
      extension_period = var.wait.extension_period
    }
  }
}
