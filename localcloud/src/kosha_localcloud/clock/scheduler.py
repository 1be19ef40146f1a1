"""EventBridge Scheduler: LocalStack only stores schedules; here they fire.

The flexible time window is ignored: every schedule fires at its exact time. A rate without a start date fires at once
when it is made, as on AWS: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.utils.strings import long_uid
from moto.scheduler.models import EventBridgeSchedulerBackend, scheduler_backends

from kosha_localcloud.clock import targets
from kosha_localcloud.clock.expressions import Between, Once, Plan, parse
from kosha_localcloud.clock.timeline import Schedule, Timeline
from kosha_localcloud.gateway.regions import REGIONS

LOG = logging.getLogger(__name__)

_LONGEST_BACKOFF = timedelta(minutes=5)


@dataclass
class Delivery:
    """One firing on its way to the target, with its retries."""

    account: str
    region: str
    schedule_arn: str
    target: dict[str, Any]
    scheduled: datetime
    execution_id: str
    attempt: int = 1

    @property
    def deputy(self) -> targets.Deputy:
        """Who calls the target."""
        return targets.Deputy(self.schedule_arn, self.target["RoleArn"])

    def context_attributes(self) -> dict[str, str]:
        """What may stand in the input between angle brackets.

        Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
        """
        return {
            "<aws.scheduler.schedule-arn>": self.schedule_arn,
            "<aws.scheduler.scheduled-time>": _iso(self.scheduled),
            "<aws.scheduler.execution-id>": self.execution_id,
            "<aws.scheduler.attempt-number>": str(self.attempt),
        }

    def payload(self) -> str:
        """The input of the target; without one, the event that Scheduler sends by itself."""
        given: str | None = self.target.get("Input")
        if given is None:
            return json.dumps(
                {
                    "version": "0",
                    "id": self.execution_id,
                    "detail-type": "Scheduled Event",
                    "source": "aws.scheduler",
                    "account": self.account,
                    "time": _iso(self.scheduled),
                    "region": self.region,
                    "resources": [self.schedule_arn],
                    "detail": "{}",
                }
            )
        for attribute, value in self.context_attributes().items():
            given = given.replace(attribute, value)
        return given


class SchedulerSchedules:
    """Every enabled schedule of every account and region."""

    def __init__(self) -> None:
        self.timeline: Timeline | None = None  # set once, before the first schedule fires

    def schedules(self) -> Iterator[Schedule]:
        """See timeline.Source."""
        for account, regions in list(scheduler_backends.items()):
            for region, backend in list(regions.items()):
                for group in list(backend.schedule_groups.values()):
                    for schedule in list(group.schedules.values()):
                        if schedule.state == "ENABLED":
                            yield self._schedule(account, region, backend, schedule)

    def _schedule(self, account: str, region: str, backend: EventBridgeSchedulerBackend, schedule: Any) -> Schedule:
        definition = (
            schedule.schedule_expression,
            schedule.schedule_expression_timezone,
            str(schedule.start_date),
            str(schedule.end_date),
            schedule.creation_date,
        )

        def fire(moment: datetime) -> None:
            if REGIONS.is_stopped(region):
                return
            self.deliver(Delivery(account, region, schedule.arn, schedule.target, moment, long_uid()))
            finished = schedule_plan(schedule, moment).next_after(moment) is None
            if finished and schedule.action_after_completion == "DELETE":
                backend.delete_schedule(schedule.group_name, schedule.name)

        return Schedule(
            key=schedule.arn,
            definition=definition,
            plan=lambda first_seen: schedule_plan(schedule, first_seen),
            fire=fire,
        )

    def deliver(self, delivery: Delivery) -> None:
        """Call the target; on failure try again later, at last give the event to the dead-letter queue."""
        try:
            targets.call(delivery.deputy, delivery.region, delivery.target, delivery.payload())
        except (ClientError, BotoCoreError, ValueError) as error:
            self._failed(delivery, error)

    def _failed(self, delivery: Delivery, error: Exception) -> None:
        policy = delivery.target.get("RetryPolicy") or {}
        backoff = min(timedelta(seconds=2**delivery.attempt), _LONGEST_BACKOFF)
        again = datetime.now(UTC) + backoff
        too_old = delivery.scheduled + timedelta(seconds=int(policy.get("MaximumEventAgeInSeconds", 86400)))
        LOG.info("Schedule %s, attempt %d: %s", delivery.schedule_arn, delivery.attempt, error)
        if not targets.may_succeed_later(error):
            self._bury(delivery, error, "NonRetryableError")
        elif delivery.attempt > int(policy.get("MaximumRetryAttempts", 185)):
            self._bury(delivery, error, "MaximumRetryAttempts")
        elif again > too_old:
            self._bury(delivery, error, "MaximumEventAgeInSeconds")
        else:
            delivery.attempt += 1
            if self.timeline is None:
                raise RuntimeError("the Scheduler source is not connected to the timeline")
            self.timeline.at(again, f"retry of {delivery.schedule_arn}", lambda: self.deliver(delivery))

    @staticmethod
    def _bury(delivery: Delivery, error: Exception, condition: str) -> None:
        queue = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
        if queue is None:
            LOG.warning("Schedule %s gave up (%s) and has no dead-letter queue", delivery.schedule_arn, condition)
            return
        attributes = {
            "ERROR_CODE": targets.error_code(error),
            "ERROR_MESSAGE": str(error),
            "EXECUTION_ID": delivery.execution_id,
            "EXHAUSTED_RETRY_CONDITION": condition,
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": str(delivery.attempt - 1),
            "SCHEDULED_TIME": _iso(delivery.scheduled),
            "SCHEDULE_ARN": delivery.schedule_arn,
            "TARGET_ARN": delivery.target["Arn"],
        }
        try:
            targets.send_to_queue(delivery.deputy, queue, delivery.payload(), attributes)
        except (ClientError, BotoCoreError) as refused:
            LOG.warning("Schedule %s cannot bury what it gave up: %s", delivery.schedule_arn, refused)


def schedule_plan(schedule: Any, first_seen: datetime) -> Plan:
    """The plan of a stored schedule: start and end dates count for recurring schedules only."""
    start, end = _moment(schedule.start_date), _moment(schedule.end_date)
    plan = parse(
        schedule.schedule_expression,
        first=start or first_seen,
        timezone=schedule.schedule_expression_timezone or "UTC",
    )
    return plan if isinstance(plan, Once) else Between(plan, start, end)


def _moment(value: Any) -> datetime | None:
    """Dates arrive as epoch seconds, or as ISO text."""
    if value in (None, ""):
        return None
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except ValueError:
        moment = datetime.fromisoformat(str(value))
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
