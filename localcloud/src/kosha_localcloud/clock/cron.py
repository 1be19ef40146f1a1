"""AWS cron expressions: minutes hours day-of-month month day-of-week year.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
Pure: works on local wall-clock times without a time zone; `expressions` adds the zone.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if number}
# AWS counts the days of the week from Sunday = 1.
WEEKDAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}

DayRule = Callable[[int, int], set[int]]


class CronError(ValueError):
    """An expression that is not an AWS cron expression; the message names the field and what it may hold."""


@dataclass(frozen=True)
class Cron:
    """A parsed expression. `days(year, month)` gives the days on which it fires."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: DayRule
    months: tuple[int, ...]
    years: tuple[int, ...]

    def next_after(self, moment: datetime) -> datetime | None:
        """The first wall-clock minute strictly after `moment` (naive), or None when there is none until 2199."""
        start = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        for day in self._dates_from(start):
            on_first_day = (day.year, day.month, day.day) == (start.year, start.month, start.day)
            earliest = (start.hour, start.minute) if on_first_day else (0, 0)
            for hour in self.hours:
                for minute in self.minutes:
                    if (hour, minute) >= earliest:
                        return day.replace(hour=hour, minute=minute)
        return None

    def _dates_from(self, start: datetime) -> Iterator[datetime]:
        for year in self.years:
            for month in self.months:
                if (year, month) < (start.year, start.month):
                    continue
                for day in sorted(self.days(year, month)):
                    if (year, month, day) >= (start.year, start.month, start.day):
                        yield datetime(year, month, day)


def parse(expression: str) -> Cron:
    """Parse the six fields, with or without the surrounding `cron(...)`.

    Raises CronError when the expression is not valid on AWS.
    """
    inner = re.fullmatch(r"\s*cron\((.*)\)\s*", expression)
    fields = (inner.group(1) if inner else expression).upper().split()
    if len(fields) != 6:
        raise CronError(
            f"cron expression {expression!r} has {len(fields)} fields; "
            "write six: minutes hours day-of-month month day-of-week year"
        )
    minutes, hours, day_of_month, month, day_of_week, year = fields
    if (day_of_month == "?") == (day_of_week == "?"):
        raise CronError(f"cron expression {expression!r}: exactly one of day-of-month and day-of-week must be '?'")
    return Cron(
        minutes=_numbers("minutes", minutes, 0, 59),
        hours=_numbers("hours", hours, 0, 23),
        days=_weekday_rule(day_of_week) if day_of_month == "?" else _month_day_rule(day_of_month),
        months=_numbers("month", month, 1, 12, MONTHS),
        years=_numbers("year", year, 1970, 2199),
    )


def _number(field: str, text: str, low: int, high: int, names: dict[str, int]) -> int:
    value = names.get(text)
    if value is None:
        if not text.isdecimal():
            raise CronError(f"cron field {field}: {text!r} is not a value; use {low} to {high}")
        value = int(text)
    if not low <= value <= high:
        raise CronError(f"cron field {field}: {text} is outside {low} to {high}")
    return value


def _part(field: str, part: str, low: int, high: int, names: dict[str, int]) -> range:
    """One comma-separated part: *, a, a-b, */s, a/s or a-b/s."""
    base, slash, step_text = part.partition("/")
    step = 1
    if slash:
        if not step_text.isdecimal() or int(step_text) < 1:
            raise CronError(f"cron field {field}: the step in {part!r} must be a number of at least 1")
        step = int(step_text)
    if base == "*":
        return range(low, high + 1, step)
    first_text, dash, last_text = base.partition("-")
    first = _number(field, first_text, low, high, names)
    if dash:
        last = _number(field, last_text, low, high, names)
        if last < first:
            raise CronError(f"cron field {field}: the range {base} runs backwards; write two ranges instead")
        return range(first, last + 1, step)
    return range(first, high + 1, step) if slash else range(first, first + 1)


def _numbers(field: str, text: str, low: int, high: int, names: dict[str, int] | None = None) -> tuple[int, ...]:
    values: set[int] = set()
    for part in text.split(","):
        values.update(_part(field, part, low, high, names or {}))
    return tuple(sorted(values))


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """The Monday-to-Friday day nearest to `day` that is still in the month."""
    last = _length(year, month)
    weekday = calendar.weekday(year, month, day)  # Monday is 0
    if weekday == calendar.SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == calendar.SUNDAY:
        return day + 1 if day < last else day - 2
    return day


def _month_day_rule(text: str) -> DayRule:
    plain: set[int] = set()
    rules: list[DayRule] = []
    for part in text.split(","):
        if part == "L":
            rules.append(lambda year, month: {_length(year, month)})
        elif part == "LW":
            rules.append(lambda year, month: {_nearest_weekday(year, month, _length(year, month))})
        elif part.endswith("W"):
            rules.append(_weekday_near(_number("day-of-month", part[:-1], 1, 31, {})))
        else:
            plain.update(_part("day-of-month", part, 1, 31, {}))

    def days(year: int, month: int) -> set[int]:
        found = {day for day in plain if day <= _length(year, month)}
        return found.union(*(rule(year, month) for rule in rules))

    return days


def _weekday_near(day: int) -> DayRule:
    def days(year: int, month: int) -> set[int]:
        return {_nearest_weekday(year, month, day)} if day <= _length(year, month) else set()

    return days


def _days_of_weekday(year: int, month: int, weekday: int) -> list[int]:
    """Every day of the month that falls on the AWS weekday (Sunday = 1)."""
    python_weekday = (weekday - 2) % 7
    return [day for day in range(1, _length(year, month) + 1) if calendar.weekday(year, month, day) == python_weekday]


def _weekday_rule(text: str) -> DayRule:
    plain: set[int] = set()
    picks: list[tuple[int, int]] = []  # weekday, index into its days of the month (-1: the last)
    for part in text.split(","):
        name, hash_sign, nth = part.partition("#")
        if hash_sign:
            if nth not in {"1", "2", "3", "4", "5"}:
                raise CronError(f"cron field day-of-week: {part!r} must end in #1 to #5")
            picks.append((_number("day-of-week", name, 1, 7, WEEKDAYS), int(nth) - 1))
        elif part == "L":
            plain.add(7)
        elif part.endswith("L"):
            picks.append((_number("day-of-week", part[:-1], 1, 7, WEEKDAYS), -1))
        else:
            plain.update(_part("day-of-week", part, 1, 7, WEEKDAYS))

    def days(year: int, month: int) -> set[int]:
        found = {day for weekday in plain for day in _days_of_weekday(year, month, weekday)}
        for weekday, index in picks:
            candidates = _days_of_weekday(year, month, weekday)
            if index < len(candidates):
                found.add(candidates[index])
        return found

    return days
