"""Decides whether a file may go. Pure: facts in, decision out.

Two kinds of directories are cleaned. In one that is harmless to lose everything goes when it is old enough, except a
file whose name says that it belongs to a class which is to be kept. Everywhere else only such files go, each after the
retention of its class, and only when the data lake holds a verified, rightly tagged and replicated copy of the same
bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from common.catalogue import Catalogue
from common.classification import Classification, classify

# The clocks of the file system, of S3 and of the function may differ by so much.
SKEW = timedelta(hours=1)
# Whoever holds a lease touches it more often than this; a lease not touched for so long was left by a dead run.
LEASE_LIMIT = timedelta(hours=24)
MAX_DEPTH = 200


class Reason(StrEnum):
    """Why a file stays."""

    YOUNG = "young"
    IN_USE = "in_use"
    NO_CLASS = "no_class"
    KEPT_FOR_GOOD = "kept_for_good"
    HARD_LINKED = "hard_linked"
    NOT_A_FILE = "not_a_file"
    FROM_THE_FUTURE = "from_the_future"
    NO_COPY = "no_copy"
    COPY_DIFFERS = "copy_differs"
    COPY_NOT_VERIFIED = "copy_not_verified"
    COPY_NOT_TAGGED = "copy_not_tagged"
    COPY_NOT_REPLICATED = "copy_not_replicated"
    CHANGED_MEANWHILE = "changed_meanwhile"
    TOO_DEEP = "too_deep"
    REFUSED = "refused"


# What keeps its place although its time is over: people should look into it.
DOUBTFUL = frozenset(Reason) - {Reason.YOUNG, Reason.IN_USE, Reason.KEPT_FOR_GOOD, Reason.CHANGED_MEANWHILE}


@dataclass(frozen=True)
class Facts:
    """What the file system says of an entry. Times are UTC."""

    is_file: bool
    is_link: bool
    size: int
    inode: int
    links: int
    mtime: datetime
    ctime: datetime

    @property
    def changed_at(self) -> datetime:
        """When it was last touched: an old file that was moved here or given new rights a moment ago is not old."""
        return max(self.mtime, self.ctime)

    def is_same(self, other: Facts) -> bool:
        """Whether nobody has written to it since. A rename changes ``ctime``, so that is not compared."""
        return (self.inode, self.size, self.mtime, self.links) == (other.inode, other.size, other.mtime, other.links)


# S3's word on a version: it was copied to the other region, or it came from there after a failover.
IN_BOTH_REGIONS = frozenset({"COMPLETED", "REPLICA"})


@dataclass(frozen=True)
class Copy:
    """The object in the lake that should be a file's copy. ``checksum`` is CRC64NVME of all its bytes, or empty.

    Of one without a class only the tags are known.
    """

    version_id: str
    size: int
    checksum: str
    replication: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Rules:
    """How one directory is cleaned. ``retention`` is ``None`` where only the class of a file counts."""

    retention: timedelta | None
    class_retention: Mapping[str, timedelta | None]
    harmless_classes: frozenset[str]
    needs_replica: bool = True

    @classmethod
    def from_documents(
        cls, layout: Mapping[str, Any], classes: Mapping[str, Any], directory: str, *, needs_replica: bool
    ) -> Rules:
        """From catalog/shared-storage.yaml and catalog/data-classes.yaml.

        Raises:
            ValueError: the catalogue does not let this directory be cleaned.
        """
        entry = layout["directories"].get(directory, {})
        if not entry.get("cleaned"):
            raise ValueError(f"catalog/shared-storage.yaml does not say that {directory!r} is cleaned")
        days = entry.get("retention_days")
        stored = {name: each["shared_storage"] for name, each in classes["classes"].items()}
        return cls(
            retention=timedelta(days=days) if entry.get("harmless_to_lose") else None,
            class_retention={
                name: None if each["retention_days"] is None else timedelta(days=each["retention_days"])
                for name, each in stored.items()
            },
            harmless_classes=frozenset(name for name, each in stored.items() if each["harmless_to_lose"]),
            needs_replica=needs_replica,
        )


@dataclass(frozen=True)
class Stay:
    """The entry stays."""

    reason: Reason


@dataclass(frozen=True)
class Go:
    """The file may go."""


@dataclass(frozen=True)
class GoIfCopied:
    """The file may go if its copy bears these tags and is the same (:func:`doubt_of_copy`)."""

    tags: Mapping[str, str]


type Decision = Stay | Go | GoIfCopied


def decide(path: str, facts: Facts, rules: Rules, catalogue: Catalogue, now: datetime) -> Decision:
    """What may become of the entry at ``path`` (below the directory), by its name, kind and age."""
    if not facts.is_file:
        # A link is removed as itself, never followed; among files that are to be kept it is nobody's to remove.
        if facts.is_link and rules.retention is not None:
            return _by_age(facts, rules.retention, now)
        return Stay(Reason.NOT_A_FILE)
    found = classify(path, catalogue)
    if isinstance(found, Classification) and not (
        rules.retention is not None and found.data_class in rules.harmless_classes
    ):
        return _by_class(found, facts, rules, now)
    if rules.retention is None:
        return Stay(Reason.NO_CLASS)
    return _by_age(facts, rules.retention, now)


def _by_age(facts: Facts, retention: timedelta, now: datetime) -> Stay | Go:
    if facts.changed_at > now + SKEW:
        return Stay(Reason.FROM_THE_FUTURE)
    if facts.changed_at + retention + SKEW > now:
        return Stay(Reason.YOUNG)
    if facts.links > 1:
        # Its other name may lie where somebody works with it.
        return Stay(Reason.HARD_LINKED)
    return Go()


def _by_class(found: Classification, facts: Facts, rules: Rules, now: datetime) -> Stay | GoIfCopied:
    retention = rules.class_retention[found.data_class]
    if retention is None:
        return Stay(Reason.KEPT_FOR_GOOD)
    decision = _by_age(facts, max(retention, rules.retention or retention), now)
    return decision if isinstance(decision, Stay) else GoIfCopied(found.tags)


def doubt_of_copy(
    copy: Copy | None, facts: Facts, checksum: str, tags: Mapping[str, str], rules: Rules
) -> Reason | None:
    """Why the copy does not stand for the file; ``None`` if it does. ``checksum`` is the file's own."""
    if copy is None:
        return Reason.NO_COPY
    if any(copy.tags.get(name) != value for name, value in tags.items()):
        return Reason.COPY_NOT_TAGGED
    if copy.size != facts.size:
        return Reason.COPY_DIFFERS
    if not copy.checksum:
        return Reason.COPY_NOT_VERIFIED
    if copy.checksum != checksum:
        return Reason.COPY_DIFFERS
    if rules.needs_replica and copy.replication not in IN_BOTH_REGIONS:
        return Reason.COPY_NOT_REPLICATED
    return None


@dataclass(frozen=True)
class Lease:
    """A run that uses files below ``path`` (``""``: everything)."""

    path: str
    touched_at: datetime

    def holds(self, now: datetime) -> bool:
        return now - self.touched_at < LEASE_LIMIT + SKEW

    def covers(self, path: str) -> bool:
        """Whether ``path``, as the walk writes it, is the leased one or lies below it."""
        return self._place == "." or path == self._place or path.startswith(f"{self._place}/")

    @cached_property
    def _place(self) -> str:
        return str(PurePosixPath(self.path or "."))


def read_lease(text: bytes, touched_at: datetime) -> Lease:
    """A lease as pipelines/leases.py writes it. One that cannot be read covers everything: better too much is kept."""
    try:
        path = json.loads(text)["path"]
    except (ValueError, KeyError, TypeError):
        path = ""
    if not isinstance(path, str) or path.startswith("/") or ".." in path.split("/"):
        path = ""
    return Lease(path.strip("/"), touched_at)


def is_leased(path: str, leases: list[Lease], now: datetime) -> bool:
    """Whether a run uses ``path``."""
    return any(lease.holds(now) and lease.covers(path) for lease in leases)


MODES = ("clean", "continue", "dry_run")


def moment(seconds: float) -> datetime:
    """A time of the file system."""
    return datetime.fromtimestamp(seconds, UTC)
