"""What to do with each transferred file, and what a run amounts to. Pure: no calls, no clock, no environment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from common.catalogue import Catalogue
from common.classification import Classification, NotAFile, Reason, Unclassified, classify
from common.notices import Detail, Listing
from object_tagger.report import Entry

# A list in a notice is cut to what fits (common/notices.py); more than this is not even remembered.
REMEMBERED = 1000


class Outcome(StrEnum):
    """What became of one object."""

    TAGGED = "tagged"
    UNCHANGED = "unchanged"
    NOT_A_FILE = "not_a_file"
    NOT_TRANSFERRED = "not_transferred"
    VANISHED = "vanished"
    DELETE_MARKER = "delete_marker"
    CONFLICT = "conflict"
    TAG_QUOTA = "tag_quota"
    ILLEGAL_TAG = "illegal_tag"
    TRY_AGAIN = "try_again"
    REFUSED = "refused"
    FAILED = "failed"


# Nothing was written, and another try would find the same: a person decides.
LEFT_AS_IS = frozenset({Outcome.CONFLICT, Outcome.TAG_QUOTA, Outcome.ILLEGAL_TAG})
# The object has no tags although it should have: the run is not done.
NOT_DONE = frozenset({Outcome.TRY_AGAIN, Outcome.REFUSED, Outcome.FAILED})


@dataclass(frozen=True)
class Aim:
    """The governed tags an object should have; ``unclassified`` says why if its name fits no class."""

    key: str
    version_id: str | None
    tags: Mapping[str, str]
    unclassified: Reason | None = None


@dataclass(frozen=True)
class Result:
    """What became of one object, and why where that needs saying."""

    key: str
    outcome: Outcome
    aim: Aim | None = None
    detail: str = ""


def aim_of(entry: Entry, catalogue: Catalogue) -> Aim | Result:
    """What a line of the report asks for: tags, or nothing."""
    if not entry.was_transferred:
        return Result(entry.key, Outcome.NOT_TRANSFERRED)
    if entry.is_directory:
        return Result(entry.key, Outcome.NOT_A_FILE)
    match classify(entry.key, catalogue):
        case Classification() as found:
            return Aim(entry.key, entry.version_id, found.tags)
        case Unclassified(reason=reason):
            return Aim(entry.key, entry.version_id, dict(catalogue.unclassified), reason)
        case NotAFile():
            return Result(entry.key, Outcome.NOT_A_FILE)


@dataclass
class Tally:
    """Counts the results of a run and remembers those that people are told of."""

    counts: Counter[Outcome] = field(default_factory=Counter)
    unclassified_count: int = 0
    _unclassified: list[Mapping[str, Detail]] = field(default_factory=list)
    _left_as_is: list[Mapping[str, Detail]] = field(default_factory=list)
    _not_done: list[Mapping[str, Detail]] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Take in a final result."""
        self.counts[result.outcome] += 1
        reason = result.aim.unclassified if result.aim is not None else None
        if reason is not None and result.outcome in (Outcome.TAGGED, Outcome.UNCHANGED):
            self.unclassified_count += 1
            _remember(self._unclassified, result.key, reason.value)
        if result.outcome in LEFT_AS_IS:
            _remember(self._left_as_is, result.key, f"{result.outcome}: {result.detail}")
        if result.outcome in NOT_DONE:
            _remember(self._not_done, result.key, result.detail)

    def count_of(self, outcomes: frozenset[Outcome]) -> int:
        """How many objects came to one of ``outcomes``."""
        return sum(self.counts[each] for each in outcomes)

    @property
    def unclassified(self) -> Listing:
        """Objects whose name fits no class, now marked so."""
        return Listing(self._unclassified, self.unclassified_count)

    @property
    def left_as_is(self) -> Listing:
        """Objects whose tags a person has to decide on."""
        return Listing(self._left_as_is, self.count_of(LEFT_AS_IS))

    @property
    def not_done(self) -> Listing:
        """Objects that could not be tagged."""
        return Listing(self._not_done, self.count_of(NOT_DONE))

    def summary(self) -> dict[str, int]:
        """The counts, for the log, the reply and the notices."""
        counts: dict[str, int] = {outcome.value: self.counts[outcome] for outcome in Outcome if self.counts[outcome]}
        return counts | {"unclassified": self.unclassified_count}


def _remember(items: list[Mapping[str, Detail]], key: str, reason: str) -> None:
    if len(items) < REMEMBERED:
        items.append({"key": key, "reason": reason})
