"""How far a run is: the checkpoint, as an object and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from common.tagging import Aim, Outcome, Result, Tally
from tag_backfill.domain import Entry

# Examples of each kind that a checkpoint keeps: a person needs the pattern, the counts are complete.
EXAMPLES = 100


class Phase(StrEnum):
    """What a run is doing."""

    COUNT = "count"
    SURVEY = "survey"
    DIRECT = "direct"
    COLLECT = "collect"
    JOBS = "jobs"
    WAIT = "wait"
    REPAIR = "repair"


@dataclass
class Group:
    """Objects that take the same complete tag set. ``next`` and ``offset`` (objects of that shard) are
    how far the function has come where there is no job; ``manifest`` is key and ETag."""

    tags: dict[str, str]
    count: int = 0
    shards: list[int] = field(default_factory=list)
    job: str | None = None
    direct: bool = False
    next: int = 0
    offset: int = 0
    manifest: list[str] | None = None
    done: bool = False


class Chunk(Tally):
    """The results of a few objects; what failed for a passing reason is set aside.

    While ``collecting``, what is to be written is left out: whoever writes it counts it.
    """

    def __init__(self, collecting: bool = False) -> None:
        super().__init__()
        self._collecting = collecting
        self.again: list[Aim] = []
        self.written: Counter[str] = Counter()

    def add(self, result: Result) -> None:
        if result.outcome is Outcome.TRY_AGAIN and result.aim is not None:
            self.again.append(result.aim)
            return
        if self._collecting and result.outcome is Outcome.TAGGED:
            return
        super().add(result)
        if result.outcome is Outcome.TAGGED and result.aim is not None:
            self.written[result.aim.tags["data_class"]] += 1


@dataclass
class Progress:
    """A checkpoint. Everything counted is behind ``after``; what failed for a passing reason waits in ``again``."""

    phase: Phase
    method: str | None = None
    after: Entry | None = None
    listed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    unclassified_count: int = 0
    unclassified: list[dict[str, str]] = field(default_factory=list)
    left_as_is: list[dict[str, str]] = field(default_factory=list)
    not_done: list[dict[str, str]] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    again: list[tuple[str, str | None]] = field(default_factory=list)
    shard: int = 0
    attempts: int = 0
    seconds: float = 0.0
    told_stalled: bool = False
    lease_until: datetime | None = None

    @property
    def objects(self) -> int:
        """Objects the run was about and is done with."""
        return sum(count for name, count in self.counts.items() if name != Outcome.NOT_A_FILE)

    def take(self, chunk: Chunk) -> None:
        """Count a chunk."""
        self.counts.update({outcome.value: count for outcome, count in chunk.counts.items()})
        self.written.update(chunk.written)
        self.unclassified_count += chunk.unclassified_count
        for kept, new in (
            (self.unclassified, chunk.unclassified.items),
            (self.left_as_is, chunk.left_as_is.items),
            (self.not_done, chunk.not_done.items),
        ):
            kept += [{"key": str(each["key"]), "reason": str(each["reason"])} for each in new[: EXAMPLES - len(kept)]]
        self.again += [(aim.key, aim.version_id) for aim in chunk.again]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        # Not asdict of the whole: it makes a Counter of pairs out of a Counter.
        document: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        for name in ("unclassified", "left_as_is", "not_done", "again"):
            document[name] = list(document[name])  # a copy: the checkpoint must not change with what follows it
        document["counts"], document["written"] = dict(self.counts), dict(self.written)
        document["groups"] = {name: asdict(group) for name, group in self.groups.items()}
        document["phase"] = self.phase.value
        document["after"] = (
            None if self.after is None else [self.after.key, self.after.version_id, self.after.modified.isoformat()]
        )
        document["lease_until"] = self.lease_until.isoformat() if self.lease_until else None
        return document

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Progress:
        """From JSON."""
        after, lease = document["after"], document["lease_until"]
        values: dict[str, Any] = dict(document) | {
            "phase": Phase(document["phase"]),
            "after": Entry(after[0], after[1], datetime.fromisoformat(after[2])) if after else None,
            "counts": Counter(document["counts"]),
            "written": Counter(document["written"]),
            "groups": {name: Group(**group) for name, group in document["groups"].items()},
            "again": [(key, version) for key, version in document["again"]],
            "lease_until": datetime.fromisoformat(lease) if lease else None,
        }
        return cls(**values)
