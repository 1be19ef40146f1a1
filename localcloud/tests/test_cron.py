"""AWS cron expressions, compared with the plainest possible reading of the rules."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kosha_localcloud.clock import cron

START = datetime(2026, 1, 1)


def following(expression: str, count: int, start: datetime = START) -> list[str]:
    pattern, moment, found = cron.parse(expression), start, []
    for _ in range(count):
        following_moment = pattern.next_after(moment)
        if following_moment is None:
            break
        moment = following_moment
        found.append(moment.isoformat(timespec="minutes"))
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0/30 * * * ? *)", ["2026-01-01T00:30", "2026-01-01T01:00", "2026-01-01T01:30"]),
        ("cron(15 10 ? * MON-FRI *)", ["2026-01-01T10:15", "2026-01-02T10:15", "2026-01-05T10:15"]),
        ("cron(0 2 L * ? *)", ["2026-01-31T02:00", "2026-02-28T02:00", "2026-03-31T02:00"]),
        ("cron(0 2 LW * ? *)", ["2026-01-30T02:00", "2026-02-27T02:00", "2026-03-31T02:00"]),
        ("cron(0 8 1W * ? *)", ["2026-01-01T08:00", "2026-02-02T08:00", "2026-03-02T08:00"]),
        ("cron(0 8 31W * ? *)", ["2026-01-30T08:00", "2026-03-31T08:00", "2026-05-29T08:00"]),
        ("cron(0 8 ? * 6L *)", ["2026-01-30T08:00", "2026-02-27T08:00", "2026-03-27T08:00"]),
        ("cron(0 8 ? * TUE#1 *)", ["2026-01-06T08:00", "2026-02-03T08:00", "2026-03-03T08:00"]),
        ("cron(0 8 ? * 1#5 *)", ["2026-03-29T08:00", "2026-05-31T08:00", "2026-08-30T08:00"]),
        ("cron(0 8 ? * L *)", ["2026-01-03T08:00", "2026-01-10T08:00", "2026-01-17T08:00"]),
        ("cron(5,55 0-2/2 29 FEB ? 2028,2032)", ["2028-02-29T00:05", "2028-02-29T00:55", "2028-02-29T02:05"]),
        ("cron(0 0 1 1 ? 2027)", ["2027-01-01T00:00"]),
        ("cron(0 0 31 2 ? *)", []),
    ],
)
def test_next_times(expression: str, expected: list[str]) -> None:
    assert following(expression, 3) == expected


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("cron(* * * *)", "4 fields"),
        ("cron(* * * * * *)", "exactly one"),
        ("cron(* * ? * ? *)", "exactly one"),
        ("cron(60 * * * ? *)", "outside 0 to 59"),
        ("cron(* 24 * * ? *)", "outside 0 to 23"),
        ("cron(* * 0 * ? *)", "outside 1 to 31"),
        ("cron(* * * 13 ? *)", "outside 1 to 12"),
        ("cron(* * * * ? 1969)", "outside 1970 to 2199"),
        ("cron(* * ? * MON#6 *)", "#1 to #5"),
        ("cron(* * ? * FRI-MON *)", "backwards"),
        ("cron(0/0 * * * ? *)", "at least 1"),
        ("cron(x * * * ? *)", "is not a value"),
    ],
)
def test_wrong_expression_names_its_field(expression: str, complaint: str) -> None:
    with pytest.raises(cron.CronError, match=complaint):
        cron.parse(expression)


# ---- brute force: go through the minutes and ask each field on its own


def part_matches(part: str, value: int, low: int, high: int) -> bool:
    base, _, step = part.partition("/")
    if base == "*":
        first, last = low, high
    elif "-" in base:
        first, last = (int(text) for text in base.split("-"))
    else:
        first = int(base)
        last = high if step else first
    return first <= value <= last and (value - first) % int(step or 1) == 0


def matches(text: str, value: int, low: int, high: int) -> bool:
    return any(part_matches(part, value, low, high) for part in text.split(","))


def nearest_working_day(year: int, month: int, day: int) -> int:
    length = calendar.monthrange(year, month)[1]
    working = [number for number in range(1, length + 1) if datetime(year, month, number).weekday() < 5]
    return min(working, key=lambda number: (abs(number - day), number))


def day_of_month_matches(text: str, moment: datetime) -> bool:
    length = calendar.monthrange(moment.year, moment.month)[1]
    if text == "L":
        return moment.day == length
    if text == "LW":
        return moment.day == nearest_working_day(moment.year, moment.month, length)
    if text.endswith("W"):
        wanted = int(text[:-1])
        return wanted <= length and moment.day == nearest_working_day(moment.year, moment.month, wanted)
    return matches(text, moment.day, 1, 31)


def day_of_week_matches(text: str, moment: datetime) -> bool:
    weekday = moment.isoweekday() % 7 + 1
    if "#" in text:
        wanted, nth = (int(part) for part in text.split("#"))
        return weekday == wanted and (moment.day - 1) // 7 + 1 == nth
    if text == "L":
        return weekday == 7
    if text.endswith("L"):
        return weekday == int(text[:-1]) and (moment + timedelta(days=7)).month != moment.month
    return matches(text, weekday, 1, 7)


def fires(fields: list[str], moment: datetime) -> bool:
    minute, hour, day, month, weekday, year = fields
    return (
        matches(minute, moment.minute, 0, 59)
        and matches(hour, moment.hour, 0, 23)
        and matches(month, moment.month, 1, 12)
        and matches(year, moment.year, 1970, 2199)
        and (day == "?" or day_of_month_matches(day, moment))
        and (weekday == "?" or day_of_week_matches(weekday, moment))
    )


def parts(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    step = st.integers(1, high)
    span = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    part = st.one_of(
        st.just("*"),
        number.map(str),
        span,
        st.tuples(st.one_of(st.just("*"), number.map(str), span), step).map(lambda pair: f"{pair[0]}/{pair[1]}"),
    )
    return st.lists(part, min_size=1, max_size=3).map(",".join)


DAYS = st.one_of(parts(1, 31), st.just("L"), st.just("LW"), st.integers(1, 31).map(lambda day: f"{day}W"))
WEEKDAYS = st.one_of(
    parts(1, 7),
    st.just("L"),
    st.integers(1, 7).map(lambda day: f"{day}L"),
    st.tuples(st.integers(1, 7), st.integers(1, 5)).map(lambda pair: f"{pair[0]}#{pair[1]}"),
)
EXPRESSIONS = st.one_of(
    st.tuples(parts(0, 59), parts(0, 23), DAYS, parts(1, 12), st.just("?"), st.just("*")),
    st.tuples(parts(0, 59), parts(0, 23), st.just("?"), parts(1, 12), WEEKDAYS, st.just("*")),
)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)
LOOK_AHEAD = timedelta(days=3)


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS, MOMENTS)
def test_next_time_is_the_first_minute_that_every_field_allows(fields: tuple[str, ...], start: datetime) -> None:
    found = cron.parse(" ".join(fields)).next_after(start)
    end = start + LOOK_AHEAD if found is None else min(found, start + LOOK_AHEAD)
    minute = timedelta(minutes=1)
    moment = start + minute
    while moment < end:
        assert not fires(list(fields), moment), f"missed {moment}"
        moment += minute
    if found is not None:
        assert fires(list(fields), found)
