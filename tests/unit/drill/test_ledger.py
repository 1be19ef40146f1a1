"""What counts as lost, and what the RPO is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.drill.ledger import Outcome, Write, outcome
from scripts.recovery.targets import Target, read_targets

STOPPED = datetime(2026, 11, 27, 12, tzinfo=UTC)
NO_TIME = timedelta()


def write(name: str, content: str, minutes_before: int, copied: bool = False) -> Write:
    return Write("lake", name, content, STOPPED - timedelta(minutes=minutes_before), copied)


def test_the_rpo_is_the_age_of_the_oldest_lost_write() -> None:
    writes = [write("a", "1", 50), write("b", "1", 20), write("c", "1", 5)]
    result = outcome("lake", writes, {"a": ["1"]}, STOPPED, timedelta(minutes=4))
    assert [each.name for each in result.lost] == ["b", "c"]
    assert result.rpo == timedelta(minutes=20)
    assert result.writes == 3


def test_nothing_lost_is_an_rpo_of_nothing() -> None:
    result = outcome("lake", [write("a", "1", 50)], {"a": ["1", "0"]}, STOPPED, NO_TIME)
    assert result == Outcome("lake", 1, (), NO_TIME, NO_TIME)


def test_an_older_content_is_not_lost_when_a_newer_one_is_there() -> None:
    writes = [write("a", "1", 50), write("a", "2", 20)]
    assert not outcome("lake", writes, {"a": ["2"]}, STOPPED, NO_TIME).lost


def test_a_newer_content_is_lost_when_only_the_older_is_there() -> None:
    writes = [write("a", "1", 50), write("a", "2", 20)]
    result = outcome("lake", writes, {"a": ["1"]}, STOPPED, NO_TIME)
    assert [each.content for each in result.lost] == ["2"]
    assert result.rpo == timedelta(minutes=20)


def test_a_content_of_another_name_saves_nothing() -> None:
    assert outcome("lake", [write("a", "1", 5)], {"b": ["1"]}, STOPPED, NO_TIME).lost


@pytest.mark.parametrize(
    ("minutes_before", "rto", "copied", "within"),
    [(15, 60, False, True), (16, 60, False, False), (15, 61, False, False), (1, 1, True, False)],
    ids=["just within", "too old", "too slow", "a broken promise"],
)
def test_what_is_within_a_target(minutes_before: int, rto: int, copied: bool, within: bool) -> None:
    target = Target(rpo=timedelta(minutes=15), rto=timedelta(minutes=60))
    lost = [write("a", "1", minutes_before, copied)]
    assert outcome("lake", lost, {}, STOPPED, timedelta(minutes=rto)).is_within(target) is within


WRITES = st.lists(
    st.builds(write, st.sampled_from("abc"), st.sampled_from("123"), st.integers(0, 1500)), max_size=20, unique=True
)


@given(WRITES, st.dictionaries(st.sampled_from("abc"), st.lists(st.sampled_from("123"))))
def test_more_found_is_never_more_lost(writes: list[Write], found: dict[str, list[str]]) -> None:
    less = outcome("lake", writes, {}, STOPPED, NO_TIME)
    more = outcome("lake", writes, found, STOPPED, NO_TIME)
    everything = outcome("lake", writes, {each.name: "123" for each in writes}, STOPPED, NO_TIME)
    assert len(less.lost) == len(writes)
    assert set(more.lost) <= set(less.lost)
    assert more.rpo <= less.rpo
    assert not everything.lost


def test_the_targets_are_those_of_the_catalogue() -> None:
    targets = read_targets()
    assert targets["lake"].rpo == timedelta(minutes=15)
    assert targets["snapshots"].rpo <= timedelta(hours=1)
    assert targets["volumes"].rpo <= timedelta(hours=24)
