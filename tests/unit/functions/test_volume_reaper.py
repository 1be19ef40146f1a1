"""What becomes of volumes, over days and months."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volume_reaper.domain import (
    DELETE_AFTER,
    FINAL_SNAPSHOT_OF,
    MARK,
    OWNER_INSTANCE,
    PROTECT,
    Action,
    Delete,
    Forget,
    Instances,
    Mark,
    Remind,
    Snap,
    Snapshot,
    Unmark,
    Volume,
    decide,
    is_still_due,
    snapshot_tags,
)

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WINDOW = 30 * DAY
NOBODY = Instances(frozenset(), frozenset())


def volume(state: str = "available", days: float | None = None, **tags: str) -> Volume:
    """A volume marked so many days ago, or not at all."""
    mark = {} if days is None else {MARK: (NOW - days * DAY).isoformat()}
    return Volume("vol-1", state, 100, mark | {name.replace("__", ":"): value for name, value in tags.items()})


def snapshot(state: str = "completed", days: float = 1, delete_in: float = 89) -> Snapshot:
    tags = {FINAL_SNAPSHOT_OF: "vol-1", DELETE_AFTER: (NOW + delete_in * DAY).isoformat()}
    return Snapshot("snap-1", "vol-1", state, NOW - days * DAY, tags)


def due(
    *volumes: Volume, snapshots: tuple[Snapshot, ...] = (), instances: Instances = NOBODY, reap: bool = True
) -> list[Action]:
    return decide(volumes, instances, snapshots, NOW, WINDOW, reap=reap)


def test_a_volume_first_seen_unattached_is_marked() -> None:
    assert due(volume()) == [Mark(volume())]


def test_a_volume_in_use_without_a_mark_is_left_alone() -> None:
    assert due(volume("in-use")) == []


def test_a_volume_attached_again_loses_its_mark() -> None:
    (action,) = due(volume("in-use", days=29))
    assert isinstance(action, Unmark)


@pytest.mark.parametrize("mark", ["", "soon", "2026-13-01"])
def test_a_mark_that_cannot_be_read_is_written_anew(mark: str) -> None:
    garbled = Volume("vol-1", "available", 1, {MARK: mark})
    assert due(garbled) == [Mark(garbled)]


def test_a_mark_in_the_future_is_written_anew() -> None:
    assert due(volume(days=-2)) == [Mark(volume(days=-2))]


@pytest.mark.parametrize("days", [0, 1, 13.9, 15.1, 29.99])
def test_within_its_window_nothing_happens(days: float) -> None:
    assert due(volume(days=days)) == []


@pytest.mark.parametrize("days", [14.2, 28.2])
def test_owners_are_reminded(days: float) -> None:
    assert due(volume(days=days), reap=False) == [Remind(volume(days=days), int(days))]


def test_when_the_window_is_over_the_monthly_run_takes_a_final_snapshot_first() -> None:
    assert due(volume(days=30)) == [Snap(volume(days=30))]
    assert due(volume(days=30), reap=False) == []


def test_a_volume_goes_only_when_its_snapshot_is_complete() -> None:
    assert due(volume(days=31), snapshots=(snapshot("pending"),)) == []
    assert due(volume(days=31), snapshots=(snapshot(),), reap=False) == [Delete(volume(days=31), snapshot())]


def test_a_snapshot_that_failed_is_taken_again() -> None:
    assert due(volume(days=31), snapshots=(snapshot("error"),), reap=False) == [Snap(volume(days=31))]


def test_a_snapshot_of_an_earlier_absence_does_not_count() -> None:
    old = snapshot(days=50)
    assert due(volume(days=31), snapshots=(old,)) == [Snap(volume(days=31))]


@pytest.mark.parametrize(
    "tags",
    [
        {"kubernetes.io/created-for/pvc/name": "data"},
        {"CSIVolumeName": "pvc-1"},
        {"ebs.csi.aws.com/cluster": "true"},
        {"kubernetes.io/cluster/kosha-dev": "owned"},
        {PROTECT: "true"},
        {PROTECT: "until the audit"},
    ],
)
def test_what_a_claim_or_a_tag_protects_is_never_touched_and_loses_its_mark(tags: dict[str, str]) -> None:
    unmarked = Volume("vol-1", "available", 1, tags)
    assert due(unmarked) == []
    (action,) = due(
        Volume("vol-1", "available", 1, tags | {MARK: (NOW - 99 * DAY).isoformat()}), snapshots=(snapshot(),)
    )
    assert isinstance(action, Unmark)


def test_a_protection_tag_that_says_false_protects_nothing() -> None:
    assert due(volume(days=31, **{PROTECT: "false"})) != []


def test_a_volume_that_a_stopped_instance_owns_is_never_touched() -> None:
    """Off-hours stop x volume reaper: the instance is stopped for the night, its volumes are not waste."""
    named = Instances(frozenset({"i-1"}), frozenset({"vol-1"}))
    assert due(volume(), instances=named) == []
    assert isinstance(due(volume(days=60), instances=named)[0], Unmark)
    set_aside = volume(days=60, **{OWNER_INSTANCE: "i-1"})
    assert isinstance(due(set_aside, instances=Instances(frozenset({"i-1"}), frozenset()))[0], Unmark)
    assert due(set_aside) == [Snap(set_aside)]


def test_a_final_snapshot_outlives_its_volume_until_its_own_retention_ends() -> None:
    """7-day backups x 30-day window: after the volume the final snapshot is all there is."""
    assert due(snapshots=(snapshot(days=89, delete_in=1),)) == []
    assert due(snapshots=(snapshot(days=90, delete_in=0),)) == [Forget(snapshot(days=90, delete_in=0))]


def test_a_final_snapshot_of_a_volume_that_is_still_there_is_kept() -> None:
    over = snapshot(days=100, delete_in=-10)
    assert Forget(over) not in due(volume("in-use", days=150), snapshots=(over,))


def test_a_snapshot_without_a_date_is_never_deleted() -> None:
    undated = Snapshot("snap-1", "vol-9", "completed", NOW - 400 * DAY, {FINAL_SNAPSHOT_OF: "vol-9"})
    assert due(snapshots=(undated,)) == []


def test_a_volume_looked_at_again_is_due_only_if_nothing_changed() -> None:
    decided = volume(days=31)
    assert is_still_due(decided, decided)
    assert not is_still_due(None, decided)
    assert not is_still_due(volume("in-use", days=31), decided)
    assert not is_still_due(volume(days=0), decided)


def test_a_snapshot_keeps_the_volumes_tags_as_far_as_fifty_fit() -> None:
    tags = {f"tag-{number}": "x" for number in range(60)} | {"aws:created": "x", MARK: "x"}
    kept = snapshot_tags(Volume("vol-1", "available", 1, tags), NOW)
    assert len(kept) == 50
    assert kept[FINAL_SNAPSHOT_OF] == "vol-1"
    assert MARK not in kept
    assert not any(name.startswith("aws:") for name in kept)


@given(st.lists(st.tuples(st.integers(1, 20), st.booleans()), max_size=40))
def test_a_volume_goes_only_after_a_whole_window_without_being_used(history: list[tuple[int, bool]]) -> None:
    """Days pass; each day the volume is attached or not, and every day is watched and reaped."""
    tags: dict[str, str] = {}
    snapshots: list[Snapshot] = []
    unattached_for = 0
    now = NOW
    for days, is_attached in history:
        for _ in range(days):
            now += DAY
            unattached_for = 0 if is_attached else unattached_for + 1
            seen = Volume("vol-1", "in-use" if is_attached else "available", 1, dict(tags))
            for action in decide([seen], NOBODY, snapshots, now, WINDOW, reap=True):
                match action:
                    case Mark():
                        tags[MARK] = now.isoformat()
                    case Unmark():
                        tags.pop(MARK)
                    case Snap():
                        snapshots.append(Snapshot("s", "vol-1", "completed", now, {FINAL_SNAPSHOT_OF: "vol-1"}))
                    case Delete(snapshot=final):
                        assert unattached_for > 30
                        assert final.started_at > now - unattached_for * DAY
                        return
