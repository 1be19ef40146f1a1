"""Judges the tags of one object. Pure: key and tags in, verdict out, by the rules of those who tag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from common import tags
from common.catalogue import Catalogue
from common.tagging import Aim, aim_at


class Verdict(StrEnum):
    """What is to be said of an object's tags."""

    RIGHT = "right"
    UNTAGGED = "untagged"
    """None of the governed tags: nobody but custodians reaches it."""
    INCOMPLETE = "incomplete"
    """Some of the governed tags are missing."""
    WRONG = "wrong"
    """All are there, with values its name does not call for: somebody may reach it who should not."""
    HELD = "held"
    """Marked as more sensitive than its name says: by a person, who is not contradicted."""
    CONTRADICTORY = "contradictory"
    """Marked as more sensitive than its name says, but not as any class of the catalogue, or as another project's:
    nobody can tell who is to read it, and no function writes over such a mark."""
    NO_ROOM = "no_room"
    """Ten tags of others leave no room for ours."""
    ILLEGAL = "illegal"
    """S3 would refuse the tags its name calls for."""


# What people, or the backfill in their name, have to mend.
FINDINGS = frozenset(Verdict) - {Verdict.RIGHT, Verdict.HELD}
# The backfill mends these by itself.
MENDED_BY_BACKFILL = frozenset({Verdict.UNTAGGED, Verdict.INCOMPLETE, Verdict.WRONG})


class Entry(NamedTuple):
    """A current object, as it is listed."""

    key: str
    modified: datetime


@dataclass(frozen=True)
class Judgement:
    """``data_class`` is what the name calls for; ``present`` are the governed tags the object has."""

    key: str
    data_class: str
    verdict: Verdict
    present: Mapping[str, str]
    wanted: Mapping[str, str]
    is_fresh: bool = False

    def as_line(self) -> dict[str, Any]:
        """A line of a report of findings."""
        return {"key": self.key, "finding": self.verdict, "present": self.present, "wanted": self.wanted}


def aim_of(entry: Entry, catalogue: Catalogue) -> Aim | None:
    """The tags the object should have; ``None`` for what is no file (folder markers)."""
    aim = aim_at(entry.key, None, catalogue)
    return aim if isinstance(aim, Aim) else None


def judge(aim: Aim, present: Mapping[str, str], modified: datetime, now: datetime, grace: timedelta,
          catalogue: Catalogue) -> Judgement:  # fmt: skip
    """Compare the tags an object has with those its name calls for. A fresh object's taggers may not have come yet."""
    governed = {name: value for name, value in present.items() if name in catalogue.governed_tags}
    match tags.merge(present, aim.tags, catalogue):
        case tags.Keep():
            verdict = Verdict.RIGHT
        case tags.Conflict():
            verdict = Verdict.HELD if _is_a_class_of_its_own(governed, aim, catalogue) else Verdict.CONTRADICTORY
        case tags.QuotaExceeded():
            verdict = Verdict.NO_ROOM
        case tags.Illegal():
            verdict = Verdict.ILLEGAL
        case tags.Write():
            if not governed:
                verdict = Verdict.UNTAGGED
            else:
                verdict = Verdict.WRONG if aim.tags.keys() <= governed.keys() else Verdict.INCOMPLETE
    is_fresh = verdict in FINDINGS and now - modified < grace
    return Judgement(aim.key, aim.tags["data_class"], verdict, governed, aim.tags, is_fresh)


def _is_a_class_of_its_own(governed: Mapping[str, str], aim: Aim, catalogue: Catalogue) -> bool:
    """Whether the object is marked as a class of the catalogue, with that class's sensitivity, and as nobody else's."""
    sensitivity = catalogue.sensitivity_of(governed.get("data_class", ""))
    others = governed.keys() - {"data_class", "sensitivity"}
    return (
        sensitivity is not None
        and governed.get("sensitivity") == sensitivity
        and all(governed[name] == aim.tags.get(name) for name in others)
    )


MODES = ("audit", "continue")


def percent(part: int, whole: int) -> float:
    """How much of it, in percent; all of nothing is 100. Never 100 while anything is missing."""
    if part >= whole:
        return 100.0
    return min(round(100 * part / whole, 2), 99.99)
