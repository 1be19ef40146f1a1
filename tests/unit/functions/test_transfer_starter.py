"""When a transfer starts and when it does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.slots import slot_of
from transfer_starter.domain import (
    Decision,
    Execution,
    Refuse,
    Skip,
    SkipReason,
    Start,
    TaskState,
    decide,
)

SIX_HOURS = timedelta(hours=6)
HALF_HOUR, HOUR = timedelta(minutes=30), timedelta(hours=1)
NOW = datetime(2026, 1, 15, 4, 0, 20, tzinfo=UTC)
SLOT = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)


def execution(status: str = "SUCCESS", ago: timedelta | None = timedelta(minutes=30)) -> Execution:
    return Execution("arn:exec-1", status, None if ago is None else NOW - ago, "code", "detail")


def choose(status: str, *executions: Execution) -> Decision:
    return decide(TaskState(status, executions, "SomeCode", "some detail"), NOW, HALF_HOUR, SIX_HOURS)


def test_starts_when_the_task_is_available_and_never_ran() -> None:
    assert choose("AVAILABLE") == Start(SLOT, None)


def test_starts_when_the_last_execution_belongs_to_an_earlier_slot() -> None:
    assert choose("AVAILABLE", execution()) == Start(SLOT, None)


def test_says_that_the_last_execution_failed() -> None:
    failed = execution("ERROR")
    assert choose("AVAILABLE", failed) == Start(SLOT, failed)


def test_forgets_a_failure_that_a_success_has_followed() -> None:
    old = execution("ERROR", timedelta(hours=2))
    assert choose("AVAILABLE", old, execution()) == Start(SLOT, None)


@pytest.mark.parametrize("status", ["RUNNING", "QUEUED"])
def test_skips_while_the_task_is_busy(status: str) -> None:
    decision = choose(status)
    assert isinstance(decision, Skip)
    assert (decision.reason, decision.stuck) == (SkipReason.UNDER_WAY, False)


@pytest.mark.parametrize(
    "status", ["QUEUED", "LAUNCHING", "PREPARING", "TRANSFERRING", "VERIFYING", "CANCELLING", "A_NEW_STATUS"]
)
def test_skips_while_an_execution_has_not_ended_whatever_the_task_says(status: str) -> None:
    decision = choose("AVAILABLE", execution(status))
    assert isinstance(decision, Skip)
    assert decision.reason is SkipReason.UNDER_WAY
    assert decision.running_for == timedelta(minutes=30)


@pytest.mark.parametrize("status", ["SUCCESS", "ERROR"])
def test_a_slot_that_had_its_execution_gets_no_second_one(status: str) -> None:
    decision = choose("AVAILABLE", execution(status, timedelta(seconds=15)))
    assert isinstance(decision, Skip)
    assert decision.reason is SkipReason.SLOT_DONE


def test_waits_while_the_task_is_being_created() -> None:
    decision = choose("CREATING")
    assert isinstance(decision, Skip)
    assert decision.reason is SkipReason.TASK_BEING_CREATED


def test_refuses_when_the_task_is_unavailable_and_says_why() -> None:
    assert choose("UNAVAILABLE") == Refuse("the task is UNAVAILABLE: SomeCode some detail")


def test_refuses_a_status_it_does_not_know() -> None:
    assert decide(TaskState("SOMETHING_NEW", ()), NOW, HALF_HOUR, SIX_HOURS) == Refuse(
        "the task is SOMETHING_NEW: DataSync gives no reason"
    )


@pytest.mark.parametrize(
    ("hours", "stuck"), [(5.9, False), (6.0, True), (6.9, True), (7.0, False), (11.9, False), (12.0, True)]
)
def test_reports_a_transfer_that_hangs_but_not_every_half_hour(hours: float, stuck: bool) -> None:
    decision = choose("RUNNING", execution("TRANSFERRING", timedelta(hours=hours)))
    assert isinstance(decision, Skip)
    assert decision.stuck is stuck


def test_an_execution_that_waits_to_begin_is_not_stuck() -> None:
    decision = choose("QUEUED", execution("QUEUED", None))
    assert isinstance(decision, Skip)
    assert (decision.running_for, decision.stuck) == (timedelta(0), False)


@pytest.mark.parametrize(
    ("minute", "second", "slot_minute"), [(0, 0, 0), (29, 54, 0), (29, 56, 30), (30, 0, 30), (59, 54, 30)]
)
def test_a_slot_is_a_half_hour_and_a_call_a_little_early_counts_for_the_next(
    minute: int, second: int, slot_minute: int
) -> None:
    assert slot_of(SLOT.replace(minute=minute, second=second), HALF_HOUR) == SLOT.replace(minute=slot_minute)


@pytest.mark.parametrize(("minute", "second", "hour"), [(0, 0, 4), (30, 0, 4), (59, 54, 4), (59, 56, 5)])
def test_a_slot_may_be_an_hour(minute: int, second: int, hour: int) -> None:
    assert slot_of(SLOT.replace(minute=minute, second=second), HOUR) == SLOT.replace(hour=hour)


def test_an_hourly_transfer_begins_at_the_second_call_only_if_it_has_not_at_the_first() -> None:
    second_call = NOW + HALF_HOUR
    done = execution(ago=timedelta(0))
    assert decide(TaskState("AVAILABLE", (done,)), second_call, HOUR, SIX_HOURS) == Skip(
        SkipReason.SLOT_DONE, timedelta(0), None
    )
    assert decide(TaskState("AVAILABLE", (execution(ago=HOUR),)), second_call, HOUR, SIX_HOURS) == Start(SLOT, None)
    assert isinstance(decide(TaskState("AVAILABLE", (done,)), NOW + HOUR, HOUR, SIX_HOURS), Start)


CALLS = st.lists(st.integers(0, 24 * 3600), min_size=1, max_size=60).map(sorted)


@given(CALLS, st.integers(1, 5400), st.sampled_from([HALF_HOUR, HOUR]))
def test_however_often_it_is_called_executions_never_overlap_nor_share_a_slot(
    calls: list[int], takes: int, every: timedelta
) -> None:
    """A day of calls at any moment, doubled or late, with transfers of any length up to ninety minutes."""
    day = datetime(2026, 1, 15, tzinfo=UTC)
    begun: list[datetime] = []
    for second in calls:
        now = day + timedelta(seconds=second)
        last = begun[-1] if begun else None
        running = last is not None and now < last + timedelta(seconds=takes)
        executions = (Execution("arn", "TRANSFERRING" if running else "SUCCESS", last),) if last else ()
        decision = decide(TaskState("RUNNING" if running else "AVAILABLE", executions), now, every, SIX_HOURS)
        if isinstance(decision, Start):
            begun.append(now)
    for before, after in pairwise(begun):
        assert after >= before + timedelta(seconds=takes)
        assert slot_of(before, every) != slot_of(after, every)
    assert begun[0] == day + timedelta(seconds=calls[0])
