locals {
  # Alarms of this module by their names, others as a function's.
  _members = {
    for name, each in var.composites : name => [
      for part in each.of : contains(keys(var.alarms), part) ? aws_cloudwatch_metric_alarm.this[part].alarm_name : "${var.name}-${part}"
    ]
  }

  # CloudWatch knows no "two of them": one pair or another.
  _rules = {
    for name, each in var.composites : name => each.at_least == 1 ? join(" OR ", [for member in local._members[name] : "ALARM(\"${member}\")"]) : join(" OR ", flatten([
      for first, one in local._members[name] : [
        for second, other in local._members[name] : "(ALARM(\"${one}\") AND ALARM(\"${other}\"))" if first < second
      ]
    ]))
  }

  _suppressors = { for name, each in var.composites : name => each if each.quiet_while == null }
  _suppressed  = { for name, each in var.composites : name => each if each.quiet_while != null }

  # What suppresses may come a little later than what it suppresses, and go a little earlier.
  _wait = { wait_period = 180, extension_period = 180 }

  # Whatever keeps others quiet, by its name in the catalogue.
  _composite_names = merge(
    { for name, each in aws_cloudwatch_composite_alarm.first : name => each.alarm_name },
    { for name, each in aws_cloudwatch_composite_alarm.second : name => each.alarm_name },
  )
}

# Nothing keeps these quiet.
resource "aws_cloudwatch_composite_alarm" "first" {
  for_each = local._suppressors

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = "${each.value.means} (${each.value.severity}, ${each.value.audience}) Runbook: ${each.value.runbook}"
  alarm_rule        = local._rules[each.key]

  alarm_actions = local._tell
  ok_actions    = local._tell
}

# Those of the first do.
resource "aws_cloudwatch_composite_alarm" "second" {
  for_each = local._suppressed

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = "${each.value.means} (${each.value.severity}, ${each.value.audience}) Runbook: ${each.value.runbook}"
  alarm_rule        = local._rules[each.key]

  alarm_actions = local._tell
  ok_actions    = local._tell

  actions_suppressor {
    alarm            = aws_cloudwatch_composite_alarm.first[each.value.quiet_while].alarm_name
    wait_period      = local._wait.wait_period
    extension_period = local._wait.extension_period
  }
}

# Single alarms that are told of unless something greater is.
resource "aws_cloudwatch_composite_alarm" "told" {
  for_each = { for name, alarm in var.alarms : name => alarm if alarm.quiet_while != null }

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = aws_cloudwatch_metric_alarm.this[each.key].alarm_description
  alarm_rule        = "ALARM(\"${aws_cloudwatch_metric_alarm.this[each.key].alarm_name}\")"

  alarm_actions = local._tell
  ok_actions    = local._tell

  actions_suppressor {
    alarm            = local._composite_names[each.value.quiet_while]
    wait_period      = local._wait.wait_period
    extension_period = local._wait.extension_period
  }
}
