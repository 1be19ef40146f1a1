"""When schedule expressions fire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kosha_localcloud.clock.expressions import Between, ExpressionError, Plan, parse

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def times(plan: Plan, after: datetime, count: int) -> list[str]:
    found: list[str] = []
    moment: datetime | None = after
    while len(found) < count and moment is not None and (moment := plan.next_after(moment)) is not None:
        found.append(moment.isoformat())
    return found


def test_rate_counts_from_its_first_time() -> None:
    plan = parse("rate(30 minutes)", first=NOON)
    assert times(plan, NOON - timedelta(days=1), 2) == ["2026-03-01T12:00:00+00:00", "2026-03-01T12:30:00+00:00"]
    assert times(plan, NOON, 1) == ["2026-03-01T12:30:00+00:00"]


@given(st.integers(1, 5000), st.integers(0, 10**7))
def test_rate_fires_strictly_after_and_at_most_one_period_later(minutes: int, seconds: int) -> None:
    plan = parse(f"rate({minutes} minutes)", first=NOON)
    moment = NOON + timedelta(seconds=seconds)
    following = plan.next_after(moment)
    assert following is not None
    assert timedelta(0) < following - moment <= timedelta(minutes=minutes)
    assert (following - NOON) % timedelta(minutes=minutes) == timedelta(0)


def test_cron_is_read_in_its_time_zone() -> None:
    plan = parse("cron(30 9 * * ? *)", first=NOON, timezone="Asia/Kolkata")
    assert times(plan, NOON, 1) == ["2026-03-02T04:00:00+00:00"]


def test_time_that_summer_time_skips_does_not_fire() -> None:
    plan = parse("cron(30 2 * * ? *)", first=NOON, timezone="Europe/Berlin")  # 29 March 2026 has no 02:30
    assert times(plan, datetime(2026, 3, 28, tzinfo=UTC), 2) == [
        "2026-03-28T01:30:00+00:00",
        "2026-03-30T00:30:00+00:00",
    ]


def test_time_that_comes_twice_fires_once() -> None:
    plan = parse("cron(30 2 * * ? *)", first=NOON, timezone="Europe/Berlin")  # 25 October 2026 has it twice
    assert times(plan, datetime(2026, 10, 24, 12, tzinfo=UTC), 2) == [
        "2026-10-25T00:30:00+00:00",
        "2026-10-26T01:30:00+00:00",
    ]


def test_one_time_schedule_fires_once() -> None:
    plan = parse("at(2026-03-01T18:00:00)", first=NOON, timezone="Asia/Kolkata")
    assert times(plan, NOON, 5) == ["2026-03-01T12:30:00+00:00"]


def test_start_and_end_bound_a_plan() -> None:
    day = timedelta(days=1)
    plan = Between(parse("cron(0 0 * * ? *)", first=NOON), start=NOON + 2 * day, end=NOON + 4 * day)
    assert times(plan, NOON, 9) == ["2026-03-04T00:00:00+00:00", "2026-03-05T00:00:00+00:00"]


def test_first_time_may_be_the_start_itself() -> None:
    plan = Between(parse("rate(1 day)", first=NOON), start=NOON, end=None)
    assert times(plan, NOON - timedelta(hours=1), 1) == [NOON.isoformat()]


@pytest.mark.parametrize(
    ("expression", "timezone", "complaint"),
    [
        ("rate(0 minutes)", "UTC", "write rate"),
        ("rate(5 weeks)", "UTC", "write rate"),
        ("cron(* * *)", "UTC", "fields"),
        ("at(tomorrow)", "UTC", "write at"),
        ("every day", "UTC", "use rate"),
        ("rate(5 minutes)", "Asia/Bombay-North", "time zone"),
        ("rate(5 minutes)", "../etc/passwd", "time zone"),
    ],
)
def test_wrong_expression_says_what_to_write(expression: str, timezone: str, complaint: str) -> None:
    with pytest.raises(ExpressionError, match=complaint):
        parse(expression, first=NOON, timezone=timezone)
