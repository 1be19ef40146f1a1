"""Single objects through years of lifecycle rules, as Terraform writes them: is any charged for leaving a class early?

Independent of the model: no cohorts, no averages. Each object has its size and its fate (overwritten, deleted by
somebody, or left alone); each version is moved, hidden and deleted by the rules of its bucket, day by day.
S3's semantics: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.check_catalog import DAYS_BILLED, WATERFALL
from scripts.cost.infrastructure import Resource
from scripts.cost.lifecycle import SMALLEST_MOVED_KB
from scripts.talk import UserError

MONTH = 30
SMALLEST_MOVED = SMALLEST_MOVED_KB * 1024
"""Bytes."""
OVERWRITTEN, DELETED = 0.2, 0.1
"""Shares of objects; at what age is chance."""


@dataclass(frozen=True)
class BucketRule:
    """One enabled rule of a bucket, in days. ``noncurrent_moves``: days after a version became noncurrent."""

    prefix: str
    moves: tuple[tuple[int, str], ...] = ()
    noncurrent_moves: tuple[tuple[int, str], ...] = ()
    noncurrent_days: int | None = None
    expire_days: int | None = None


def bucket_rules(resources: Iterable[Resource]) -> dict[str, tuple[BucketRule, ...]]:
    """Bucket -> its rules, from a plan (``aws_s3_bucket_lifecycle_configuration``)."""
    return {
        resource.after["bucket"]: tuple(rule_of(rule) for rule in resource.after["rule"] if rule["status"] == "Enabled")
        for resource in resources
        if resource.type == "aws_s3_bucket_lifecycle_configuration" and resource.after
    }


def rule_of(rule: Mapping[str, Any]) -> BucketRule:
    """A block ``rule`` of Terraform."""
    expiration, noncurrent, filtered = (
        _block(rule, name) for name in ("expiration", "noncurrent_version_expiration", "filter")
    )
    return BucketRule(
        prefix=filtered.get("prefix") or "",
        moves=_moves(rule.get("transition") or (), "days"),
        noncurrent_moves=_moves(rule.get("noncurrent_version_transition") or (), "noncurrent_days"),
        noncurrent_days=noncurrent.get("noncurrent_days"),
        expire_days=expiration.get("days") or None,
    )


def _block(rule: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The one block of a name, or none of its attributes."""
    blocks: Sequence[Mapping[str, Any]] = rule.get(name) or ({},)
    return blocks[0]


def _moves(blocks: Iterable[Mapping[str, Any]], element: str) -> tuple[tuple[int, str], ...]:
    return tuple(sorted((block[element] or 0, block["storage_class"]) for block in blocks))


@dataclass
class Version:
    """One version of an object in one bucket."""

    key: str
    size: int
    created: int
    storage_class: str = "STANDARD"
    entered: int = 0
    noncurrent_since: int | None = None


@dataclass(frozen=True, order=True)
class Charge:
    """A version that left a storage class before it was paid for."""

    bucket: str
    prefix: str
    storage_class: str
    days: int
    why: str

    def __str__(self) -> str:
        return (
            f"{self.bucket}: {self.prefix}/ {self.why} after {self.days} days in {self.storage_class},"
            f" of which {DAYS_BILLED[self.storage_class]} are billed"
        )


@dataclass
class Result:
    """What happened: versions by the class they ended in or were in at last, moves, deletions, charges."""

    objects: int = 0
    moves: Counter[str] = field(default_factory=Counter)
    deletions: int = 0
    charges: Counter[Charge] = field(default_factory=Counter)
    standing: Counter[str] = field(default_factory=Counter)


def simulate(
    rules: Mapping[str, Sequence[BucketRule]], prefixes: Sequence[str], objects: int, months: int, seed: int
) -> Result:
    """Let objects come in over so many months, in each bucket the same; returns what the rules did with them."""
    result = Result(objects=objects)
    for bucket, mine in rules.items():
        _Bucket(bucket, mine, months * MONTH, result).run(prefixes, objects, random.Random(seed))  # noqa: S311
    return result


class _Bucket:
    """A bucket with its rules; what is due on a day is done on that day."""

    def __init__(self, name: str, rules: Sequence[BucketRule], days: int, result: Result) -> None:
        self.name, self.rules, self.days, self.result = name, rules, days, result
        self.due: defaultdict[int, list[tuple[str, Version, str]]] = defaultdict(list)
        self.standing: Counter[str] = result.standing

    def run(self, prefixes: Sequence[str], objects: int, chance: random.Random) -> None:
        for number in range(objects):
            prefix = chance.choice(prefixes)
            created = chance.randrange(self.days)
            # From a few KB to tens of GB, so that small objects are among them.
            size = int(2 ** chance.uniform(10, 35))
            self.create(f"{prefix}/{number}", size, created)
            fate, age = chance.random(), int(chance.expovariate(1 / 120)) + 1
            if fate < OVERWRITTEN:
                self.at(created + age, "overwrite", self.last)
            elif fate < OVERWRITTEN + DELETED:
                self.at(created + age, "hide", self.last)
        for day in range(self.days):
            for what, version, storage_class in self.due.pop(day, ()):
                self.do(day, what, version, storage_class)

    def create(self, key: str, size: int, day: int) -> None:
        self.last = Version(key, size, day, entered=day)
        self.standing["STANDARD"] += 1
        for rule in self.of(self.last):
            for age, storage_class in rule.moves:
                self.at(day + age, "move", self.last, storage_class)
            if rule.expire_days is not None:
                self.at(day + rule.expire_days, "hide", self.last)

    def of(self, version: Version) -> list[BucketRule]:
        return [rule for rule in self.rules if version.key.startswith(rule.prefix)]

    def at(self, day: int, what: str, version: Version, storage_class: str = "") -> None:
        self.due[day].append((what, version, storage_class))

    def do(self, day: int, what: str, version: Version, storage_class: str) -> None:
        is_current = version.noncurrent_since is None
        if what in ("move", "move noncurrent") and is_current == (what == "move"):
            self.move(day, version, storage_class)
        elif what == "delete":
            self.leave(day, version, "is deleted")
            self.result.deletions += 1
        elif what in ("hide", "overwrite") and is_current:
            version.noncurrent_since = day
            for rule in self.of(version):
                for age, each in rule.noncurrent_moves:
                    self.at(day + age, "move noncurrent", version, each)
                if rule.noncurrent_days is not None:
                    self.at(day + rule.noncurrent_days, "delete", version)
            if what == "overwrite":
                self.create(version.key, version.size, day)

    def move(self, day: int, version: Version, storage_class: str) -> None:
        """Down the waterfall only, and nothing that is small."""
        if version.size < SMALLEST_MOVED or _depth(storage_class) <= _depth(version.storage_class):
            return
        self.leave(day, version, f"moves to {storage_class}")
        version.storage_class, version.entered = storage_class, day
        self.standing[storage_class] += 1
        self.result.moves[storage_class] += 1

    def leave(self, day: int, version: Version, why: str) -> None:
        self.standing[version.storage_class] -= 1
        stayed = day - version.entered
        if stayed < DAYS_BILLED.get(version.storage_class, 0):
            prefix = version.key.split("/", 1)[0]
            self.result.charges[Charge(self.name, prefix, version.storage_class, stayed, why)] += 1


def _depth(storage_class: str) -> int:
    return WATERFALL.index(storage_class) if storage_class in WATERFALL else -1


def require_no_charge(result: Result) -> None:
    """Raise :class:`UserError` that lists what was charged for."""
    if result.charges:
        worst = sorted(result.charges.items(), key=lambda pair: -pair[1])[:10]
        told = "\n".join(f"  {charge} ({count} versions)" for charge, count in worst)
        raise UserError(
            f"{sum(result.charges.values())} versions leave a storage class before it is paid for; correct the"
            f" lifecycles in catalog/data-classes.yaml:\n{told}"
        )
