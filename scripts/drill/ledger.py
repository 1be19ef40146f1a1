"""What was written, what of it was there after the loss, and whether that is within the targets. No clock, no calls."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from scripts.recovery.targets import Target


@dataclass(frozen=True)
class Write:
    """Something acknowledged: of which target of catalog/recovery.yaml, where, which content, and when (platform time).

    ``copied`` says that the platform had acknowledged the copy in the recovery region, too.
    """

    target: str
    name: str
    content: str
    at: datetime
    copied: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of a target: how many writes, which are lost, and when the rest could be used (from the decision)."""

    target: str
    writes: int
    lost: tuple[Write, ...]
    rpo: timedelta
    rto: timedelta

    @property
    def broken_promises(self) -> tuple[Write, ...]:
        """Lost although the copy was acknowledged: never allowed."""
        return tuple(each for each in self.lost if each.copied)

    def is_within(self, target: Target) -> bool:
        """Whether what was promised was kept."""
        return not self.broken_promises and self.rpo <= target.rpo and self.rto <= target.rto


def outcome(
    target: str,
    writes: Collection[Write],
    found: Mapping[str, Collection[str]],
    stopped: datetime,
    rto: timedelta,
) -> Outcome:
    """Hold what was written against what was found.

    Args:
        writes: of this target, all acknowledged before ``stopped``.
        found: name -> the contents of it that are there in the recovery region (one, or versions).
        stopped: when the primary region was lost.
        rto: from the decision until it could be used.

    A write is lost if neither its content is there nor a later one of the same name. The RPO is the age of the oldest
    lost write: everything older than that is there.
    """
    lost = tuple(each for each in sorted(writes, key=lambda each: each.at) if not _is_there(each, writes, found))
    rpo = stopped - lost[0].at if lost else timedelta()
    return Outcome(target, len(writes), lost, rpo, rto)


def _is_there(write: Write, writes: Collection[Write], found: Mapping[str, Collection[str]]) -> bool:
    there = found.get(write.name, ())
    return any(other.content in there for other in writes if other.name == write.name and other.at >= write.at)
