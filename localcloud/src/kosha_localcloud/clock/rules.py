"""The schedule rules of EventBridge (rules of the default bus with a ScheduleExpression)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from localstack.aws.api.events import RuleState
from localstack.services.events.models import events_stores
from localstack.services.events.provider import EventsProvider

from kosha_localcloud.clock.expressions import Plan, parse, parse_rate
from kosha_localcloud.clock.timeline import Schedule
from kosha_localcloud.gateway.regions import REGIONS


class RuleSchedules:
    """Every enabled schedule rule of every account and region."""

    def __init__(self) -> None:
        self.provider: EventsProvider | None = None  # LocalStack makes it when events is first used

    def schedules(self) -> Iterator[Schedule]:
        """See timeline.Source."""
        if self.provider is None:
            return
        for account, regions in list(events_stores.items()):
            for region, store in list(regions.items()):
                for bus in list(store.event_buses.values()):
                    for rule in list(bus.rules.values()):
                        if rule.schedule_expression and rule.state != RuleState.DISABLED:
                            yield self._schedule(self.provider, account, region, rule)

    @staticmethod
    def _schedule(provider: EventsProvider, account: str, region: str, rule: Any) -> Schedule:
        def fire(_: datetime) -> None:
            if REGIONS.is_stopped(region):
                return
            # LocalStack's own job: builds the scheduled event and sends it to every target
            provider._get_scheduled_rule_job_function(account, region, rule)()

        return Schedule(
            key=rule.arn,
            definition=(rule.schedule_expression,),
            plan=lambda first_seen: rule_plan(rule.schedule_expression, first_seen),
            fire=fire,
        )


def rule_plan(expression: str, created: datetime) -> Plan:
    """When a rule fires: a rate starts one period after the rule was made, cron is in UTC.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
    """
    first = created + parse_rate(expression) if expression.lstrip().startswith("rate(") else created
    return parse(expression, first=first)
