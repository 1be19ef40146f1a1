"""Which slots were missed, and what an ended execution calls for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.slots import slot_of
from transfer_reconciler.domain import (
    ATTEMPTS,
    LOOK_BACK,
    Action,
    Backfill,
    Execution,
    GiveUp,
    Receipt,
    Settled,
    Span,
    Tag,
    Wait,
    action_for,
    forget,
    is_before_our_time,
    missed_slots,
    runs_of,
)
from transfer_reconciler.memory import Memory

SIX = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SLOT = timedelta(minutes=30)
HOUR = timedelta(hours=1)
NO_RECEIPT = Receipt("", None)


def span(begin: int, end: int | None) -> Span:
    """A transfer from and to minutes after six."""
    return Span(SIX + begin * MINUTE, None if end is None else SIX + end * MINUTE)


def missed(*spans: Span, until: int, judged: int | None = None) -> list[int]:
    """The missed slots in minutes after six, looked at ``until`` minutes after six; we began at a quarter past five."""
    judged_until = None if judged is None else SIX + judged * MINUTE
    found, _ = missed_slots(spans, SLOT, SIX - 15 * MINUTE, judged_until, SIX + until * MINUTE)
    return [int((slot - SIX) / MINUTE) for slot in found]


def test_a_slot_in_which_a_transfer_began_is_served() -> None:
    assert missed(span(-30, -28), span(0, 2), span(30, 33), until=45) == []


def test_a_slot_without_a_transfer_is_missed() -> None:
    assert missed(span(-30, -28), span(30, 33), until=45) == [0]


def test_a_slot_in_which_a_long_transfer_was_under_way_is_served() -> None:
    assert missed(span(-30, 31), until=45) == []
    assert missed(span(-30, None), until=105) == []


def test_a_transfer_that_ended_before_the_slot_does_not_serve_it() -> None:
    assert missed(span(-30, -1), until=45) == [0, 30]


def test_a_transfer_that_began_a_moment_early_belongs_to_its_slot() -> None:
    assert missed(Span(SIX - timedelta(seconds=3), SIX - timedelta(seconds=2)), until=15) == []


def test_a_slot_is_judged_when_the_starter_has_had_its_time() -> None:
    assert missed(span(-30, -28), until=9) == []
    assert missed(span(-30, -28), until=10) == [0]


def test_a_slot_is_judged_once() -> None:
    assert missed(until=45, judged=0) == [30]
    assert missed(until=45, judged=30) == []


def test_slots_before_we_began_are_nobodys_business() -> None:
    found, last = missed_slots([], SLOT, SIX + 3 * MINUTE, None, SIX + 45 * MINUTE)
    assert found == [SIX + SLOT]
    assert last == SIX + SLOT


def test_after_a_long_silence_only_the_last_day_is_told() -> None:
    found, _ = missed_slots([], SLOT, SIX - timedelta(days=9), SIX - timedelta(days=8), SIX + 10 * MINUTE)
    assert len(found) == 49
    assert found[0] == SIX - timedelta(days=1)


def test_an_hourly_slot_is_judged_when_the_second_call_of_the_starter_has_had_its_time() -> None:
    def missed_at(until: int, *spans: Span) -> list[datetime]:
        return missed_slots(spans, HOUR, SIX - HOUR, None, SIX + until * MINUTE)[0]

    assert missed_at(39) == []
    assert missed_at(40) == [SIX]
    assert missed_at(40, span(30, 31)) == []
    assert missed_at(100, span(0, 1)) == [SIX + HOUR]
    assert runs_of(missed_at(100), HOUR) == [[SIX, SIX + HOUR]]


def test_neighbours_are_told_together() -> None:
    slots = [SIX, SIX + SLOT, SIX + 3 * SLOT]
    assert runs_of(slots, SLOT) == [[SIX, SIX + SLOT], [SIX + 3 * SLOT]]
    assert runs_of([], SLOT) == []


@given(
    st.lists(st.tuples(st.integers(0, 600), st.integers(0, 90)), max_size=12),
    st.lists(st.integers(1, 40), min_size=1, max_size=30),
)
def test_however_often_we_look_every_slot_is_told_at_most_once_and_only_if_it_had_no_transfer(
    transfers: list[tuple[int, int]], pauses: list[int]
) -> None:
    spans = [span(begin, begin + length) for begin, length in transfers]
    told: list[datetime] = []
    judged, now = None, SIX
    for pause in pauses:
        now += pause * MINUTE
        found, judged = missed_slots(spans, SLOT, SIX - MINUTE, judged, now)
        told += found
    assert len(told) == len(set(told))
    for number in range(45):
        slot = SIX + number * SLOT
        served = any(
            slot_of(each.started_at, SLOT) == slot or each.started_at < slot <= (each.ended_at or now) for each in spans
        )
        due = slot + 10 * MINUTE <= now
        assert (slot in told) == (due and not served)


def ended(**changes: Any) -> Execution:
    facts: dict[str, Any] = {
        "arn": "arn:exec-1",
        "id": "exec-1",
        "state": "SUCCESS",
        "started_at": SIX,
        "ended_at": SIX + 2 * MINUTE,
        "report_failed": False,
        "has_ended": True,
    }
    return Execution(**facts | changes)


LATE = SIX + 32 * MINUTE


@pytest.mark.parametrize(
    ("execution", "receipt", "attempts", "now", "action"),
    [
        (ended(), Receipt("done", SIX), 0, LATE, Settled()),
        (ended(), NO_RECEIPT, 0, LATE, Tag(1)),
        (ended(state="ERROR"), NO_RECEIPT, 0, LATE, Tag(1)),
        (ended(), Receipt("incomplete", SIX + 3 * MINUTE), 1, LATE, Tag(2)),
        (ended(), NO_RECEIPT, ATTEMPTS, LATE, GiveUp()),
        (ended(), NO_RECEIPT, 0, LATE - MINUTE, Wait()),
        (ended(), Receipt("begun", LATE - 15 * MINUTE), 0, LATE, Wait()),
        (ended(), Receipt("begun", LATE - 17 * MINUTE), 0, LATE, Tag(1)),
        (ended(), Receipt("begun", LATE + 5 * MINUTE), 0, LATE, Tag(1)),
        (ended(has_ended=False, ended_at=None, state="TRANSFERRING"), NO_RECEIPT, 0, LATE, Wait()),
        (ended(has_ended=False, ended_at=None, started_at=None, state="QUEUED"), NO_RECEIPT, 0, LATE, Wait()),
        (ended(report_failed=True), Receipt("incomplete", SIX), 0, LATE, Backfill(SIX)),
        (ended(report_failed=True), Receipt("done", SIX), 0, LATE, Settled()),
    ],
)
def test_what_an_ended_execution_calls_for(
    execution: Execution, receipt: Receipt, attempts: int, now: datetime, action: Action
) -> None:
    assert action_for(execution, receipt, attempts, now) == action


def test_what_ended_long_before_the_first_run_is_not_ours() -> None:
    assert is_before_our_time(ended(), SIX + timedelta(days=2))
    assert not is_before_our_time(ended(), SIX + timedelta(hours=20))
    assert not is_before_our_time(ended(has_ended=False, ended_at=None), SIX + timedelta(days=2))


def test_what_datasync_forgets_we_forget() -> None:
    now = span(3, 3).started_at
    assert forget({"a": span(0, 1), "b": span(2, 3)}, ["b", "c"], SLOT, now) == {"b": span(2, 3)}


def test_when_an_execution_ran_is_forgotten_once_its_slots_are_judged() -> None:
    ended = span(0, 60)
    assert ended.ended_at is not None
    for after, kept in ((LOOK_BACK, ended), (LOOK_BACK + 2 * SLOT, None)):
        assert forget({"a": ended}, ["a"], SLOT, ended.ended_at + after) == {"a": kept}


def test_memory_survives_its_document() -> None:
    memory = Memory(SIX, SIX + SLOT, {"exec-1": span(0, 2), "exec-2": span(5, None), "exec-4": None}, {"exec-3": 2})
    assert Memory.read(memory.document(), LATE) == memory
    assert Memory.read({}, LATE) == Memory(LATE)
