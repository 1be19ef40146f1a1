"""Testing hours: on which weekdays, from when to when, in which timezone, and on which days they fall away. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class BadHours(ValueError):
    """Hours or holidays that make no sense; the message says what, and what to give."""


@dataclass(frozen=True)
class Hours:
    """Begin and end are local times of ``timezone``. An end that is not after the begin lies on the next day, and the
    whole span belongs to the day on which it begins: 20:00 to 02:00 on a Friday ends on Saturday. ``start`` is whether
    instances that were stopped by us are started again when their hours begin."""

    weekdays: Set[int]
    begin: time
    end: time
    timezone: ZoneInfo
    start: bool = False

    def hold(self, moment: datetime, holidays: Set[str]) -> bool:
        """Whether ``moment`` lies within the hours; the begin does, the end does not."""
        today = moment.astimezone(self.timezone).date()
        for day in (today - timedelta(days=1), today):
            if day.weekday() in self.weekdays and not _is_holiday(day, holidays):
                begin, end = self._span(day)
                if begin <= moment < end:
                    return True
        return False

    def _span(self, day: date) -> tuple[datetime, datetime]:
        last = day if self.end > self.begin else day + timedelta(days=1)
        # In UTC: two moments of one timezone are compared by their wall clock, which daylight saving time turns back.
        return (
            datetime.combine(day, self.begin, self.timezone).astimezone(UTC),
            datetime.combine(last, self.end, self.timezone).astimezone(UTC),
        )


def read_hours(name: str, document: Any) -> Hours:
    """The hours of ``{"weekdays": ["mon"], "begin": "08:00", "end": "20:00", "timezone": "Asia/Kolkata"}``; ``start``
    may be added. An end of ``24:00`` is midnight.

    Raises:
        BadHours: a part is missing or makes no sense.
    """
    if not isinstance(document, Mapping):
        raise BadHours(f"{name} is no object with weekdays, begin, end, timezone and start")
    weekdays = document.get("weekdays")
    if not isinstance(weekdays, list) or not weekdays or not set(weekdays) <= set(WEEKDAYS):
        raise BadHours(f"{name}: weekdays is {weekdays!r}: give a list of {', '.join(WEEKDAYS)}")
    begin, end = document.get("begin"), document.get("end")
    if begin == end:
        raise BadHours(f"{name}: begin and end are both {begin!r}: for the whole day give 00:00 and 24:00")
    start = document.get("start", False)
    if not isinstance(start, bool):
        raise BadHours(f"{name}: start is {start!r}: give true or false")
    return Hours(
        weekdays=frozenset(WEEKDAYS.index(each) for each in weekdays),
        begin=_time(name, "begin", begin),
        end=time(0) if end == "24:00" else _time(name, "end", end),
        timezone=_timezone(name, document.get("timezone")),
        start=start,
    )


def read_holidays(days: Any) -> frozenset[str]:
    """Days without testing: ``2026-03-04``, or ``08-15`` for the day of every year.

    Raises:
        BadHours: one is no day.
    """
    if not isinstance(days, list):
        raise BadHours(f"the holidays are {days!r}: give a list of days")
    for day in days:
        try:
            date.fromisoformat(day if len(day) == 10 else f"2024-{day}")  # a leap year has every day
        except (TypeError, ValueError) as error:
            raise BadHours(f"the holiday {day!r} is no day: give 2026-03-04, or 08-15 for every year") from error
    return frozenset(days)


def moment(text: str) -> datetime | None:
    """A moment as a tag holds it (ISO 8601); ``None`` for what is none. Without a timezone it is in UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _is_holiday(day: date, holidays: Set[str]) -> bool:
    return day.isoformat() in holidays or f"{day:%m-%d}" in holidays


def _time(name: str, part: str, text: Any) -> time:
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise BadHours(f"{name}: {part} is {text!r}: give hours and minutes, e.g. 08:00")
    return time(int(found[1]), int(found[2]))


def _timezone(name: str, text: Any) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise BadHours(f"{name}: timezone is {text!r}: give an IANA name, e.g. Asia/Kolkata") from error
