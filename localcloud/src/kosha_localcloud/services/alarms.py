"""Looking at alarms now: CloudWatch does about once a minute, LocalStack once in all periods of an alarm."""

from __future__ import annotations

from fnmatch import fnmatchcase

from localstack.services.cloudwatch.alarm_scheduler import calculate_alarm_state
from localstack.services.cloudwatch.models import cloudwatch_stores


def evaluate(pattern: str) -> list[dict[str, str]]:
    """Look at every metric alarm whose name fits `pattern`; each with its state afterwards."""
    found = []
    for account in list(cloudwatch_stores):
        for region in list(cloudwatch_stores[account]):
            for arn, alarm in list(cloudwatch_stores[account][region].alarms.items()):
                name = alarm.alarm["AlarmName"]
                if "MetricName" in alarm.alarm and fnmatchcase(name, pattern):
                    calculate_alarm_state(arn)
                    found.append({"name": name, "region": region, "state": str(alarm.alarm["StateValue"])})
    return found
