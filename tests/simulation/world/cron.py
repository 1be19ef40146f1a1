"""When an EventBridge Scheduler expression is due: ``cron`` of numbers, lists, ranges, steps and names, and ``rate``.

What Kosha's schedules use; anything else is refused by name, so a new form is noticed and not misread.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


@dataclass(frozen=True)
class Schedule:
    """An expression and its timezone."""

    expression: str
    timezone: str = "UTC"

    def moments(self, after: datetime) -> Iterator[datetime]:
        """Every moment it is due after ``after``, in UTC, without end."""
        if rate := _RATE.fullmatch(self.expression):
            step = int(rate[1]) * _UNITS[rate[2]]
            while True:
                after += step
                yield after
        minutes, hours, days, months, weekdays = self._fields
        zone = ZoneInfo(self.timezone)
        day = after.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        while True:
            if day.month in months and day.day in days and (day.isoweekday() % 7 + 1) in weekdays:
                for hour in hours:
                    for minute in minutes:
                        moment = day.replace(hour=hour, minute=minute).astimezone(UTC)
                        if moment > after:
                            yield moment
            day += timedelta(days=1)

    @cached_property
    def _fields(self) -> tuple[list[int], list[int], list[int], list[int], list[int]]:
        match = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) \*\)", self.expression)
        if match is None:
            raise ValueError(f"the simulation does not read the schedule {self.expression!r}: teach {__name__} to")
        ranges = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7))
        found = [_field(text, low, high) for text, (low, high) in zip(match.groups(), ranges, strict=True)]
        return found[0], found[1], found[2], found[3], found[4]


def _field(text: str, low: int, high: int) -> list[int]:
    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span in ("*", "?"):
            first, last = low, high
        elif "-" in span:
            begin, end = span.split("-")
            first, last = _number(begin), _number(end)
        else:
            first = _number(span)
            last = high if step else first
        values.update(range(first, last + 1, int(step) if step else 1))
    return sorted(values)


def _number(text: str) -> int:
    return _DAYS[text] if text in _DAYS else int(text)
