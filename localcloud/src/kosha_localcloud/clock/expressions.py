"""Schedule expressions of EventBridge: when does rate(...), cron(...) or at(...) fire next?

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
All moments that come in and go out are aware datetimes in UTC. Pure: nothing here asks for the time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from kosha_localcloud.clock import cron

_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


class ExpressionError(ValueError):
    """An expression that no EventBridge schedule can have; the message says what may be written."""


class Plan(Protocol):
    """When something fires."""

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time strictly after `moment`, or None when it never fires again."""


@dataclass(frozen=True)
class Rate:
    """Every `period`, counted from `first`."""

    first: datetime
    period: timedelta

    def next_after(self, moment: datetime) -> datetime | None:
        """See Plan."""
        if moment < self.first:
            return self.first
        return self.first + ((moment - self.first) // self.period + 1) * self.period


@dataclass(frozen=True)
class Calendar:
    """A cron expression in a time zone.

    A wall-clock time that a change to summer time skips does not fire; one that happens twice fires the first time.
    """

    pattern: cron.Cron
    zone: ZoneInfo

    def next_after(self, moment: datetime) -> datetime | None:
        """See Plan."""
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        while (found := self.pattern.next_after(wall)) is not None:
            candidate = found.replace(tzinfo=self.zone).astimezone(UTC)
            exists = candidate.astimezone(self.zone).replace(tzinfo=None) == found
            if exists and candidate > moment:
                return candidate
            wall = found
        return None


@dataclass(frozen=True)
class Once:
    """One time only."""

    moment: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        """See Plan."""
        return self.moment if self.moment > moment else None


@dataclass(frozen=True)
class Between:
    """Only the times of `plan` that are not before `start` and before `end`."""

    plan: Plan
    start: datetime | None
    end: datetime | None

    def next_after(self, moment: datetime) -> datetime | None:
        """See Plan."""
        if self.start is not None and moment < self.start:
            moment = self.start - timedelta(microseconds=1)
        found = self.plan.next_after(moment)
        return None if found is None or (self.end is not None and found >= self.end) else found


def parse_rate(expression: str) -> timedelta:
    """The period of `rate(value unit)`. Raises ExpressionError."""
    match = re.fullmatch(r"\s*rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)\s*", expression)
    if match is None or int(match.group(1)) == 0:
        raise ExpressionError(f"{expression!r}: write rate(5 minutes), rate(1 hour) or rate(7 days)")
    return int(match.group(1)) * _UNITS[match.group(2)]


def parse(expression: str, *, first: datetime, timezone: str = "UTC") -> Plan:
    """The plan of an expression; a rate counts from `first`, which is its first firing.

    Raises ExpressionError (also for a wrong cron expression or time zone).
    """
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise ExpressionError(f"{timezone!r} is no time zone; use a name like Asia/Kolkata or UTC") from error
    if expression.lstrip().startswith("rate("):
        return Rate(first=first, period=parse_rate(expression))
    if expression.lstrip().startswith("cron("):
        try:
            return Calendar(pattern=cron.parse(expression), zone=zone)
        except cron.CronError as error:
            raise ExpressionError(str(error)) from error
    if match := re.fullmatch(r"\s*at\((.+)\)\s*", expression):
        try:
            wall = datetime.strptime(match.group(1), "%Y-%m-%dT%H:%M:%S")
        except ValueError as error:
            raise ExpressionError(f"{expression!r}: write at(2026-01-31T23:59:00)") from error
        return Once(wall.replace(tzinfo=zone).astimezone(UTC))
    raise ExpressionError(f"{expression!r} is no schedule expression; use rate(...), cron(...) or at(...)")
