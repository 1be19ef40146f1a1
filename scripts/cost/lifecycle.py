"""Where an object lies at what age, by the rules that Terraform writes (modules/bucket/lifecycle.tf)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.cost.prices import GB, Side, Strict
from scripts.paths import CATALOG

DATA_CLASSES = CATALOG / "data-classes.yaml"
KB = 1024 / GB
SMALLEST_MOVED_KB = 128
"""S3 moves nothing smaller by a rule, since September 2024 into no class, unless the rule's filter names a size
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html)."""
FOREVER = float("inf")


class Transition(Strict):
    days: int
    storage_class: str


class Rule(Strict):
    """The rule of a data class on one side."""

    transitions: tuple[Transition, ...] = ()
    noncurrent_days: int | None = None
    """None keeps what was overwritten or deleted for good."""
    expire_days: int | None = None
    smallest_moved_kb: int = SMALLEST_MOVED_KB


class Stage(Strict):
    """A stay in a storage class, from an age in days to another."""

    storage_class: str
    begin: float
    end: float

    @property
    def days(self) -> float:
        return self.end - self.begin


def rules_of(document: Mapping[str, Any]) -> dict[str, dict[Side, Rule]]:
    """Data class -> side -> rule, of ``catalog/data-classes.yaml``."""
    found = {}
    for name, each in document["classes"].items():
        lifecycle = each["lifecycle"]
        kept = {"noncurrent_days": lifecycle["noncurrent_days"], "expire_days": lifecycle["expire_days"]}
        found[name] = {
            Side.PRIMARY: Rule(transitions=lifecycle["transitions"], **kept),
            Side.RECOVERY: Rule(transitions=lifecycle.get("replica_transitions", lifecycle["transitions"]), **kept),
        }
    return found


def stages(rule: Rule, gb: float, gone_at: float | None = None) -> tuple[Stage, ...]:
    """The stays of one object of a size, in order; the last ends when it is deleted, or never.

    ``gone_at``: the age in days at which it is overwritten or deleted by somebody. From then on it is noncurrent, moves
    no more (a rule's transitions are for current versions) and is deleted ``noncurrent_days`` later. What the rule
    expires becomes noncurrent in the same way: the buckets are versioned.
    """
    noncurrent_from = min(_or_forever(gone_at), _or_forever(rule.expire_days))
    end = noncurrent_from + _or_forever(rule.noncurrent_days)
    moves = [("STANDARD", 0.0)]
    if gb >= rule.smallest_moved_kb * KB:
        moves += [(each.storage_class, float(each.days)) for each in rule.transitions if each.days < noncurrent_from]
    ends = [*(begin for _, begin in moves[1:]), end]
    return tuple(
        Stage(storage_class=storage_class, begin=begin, end=stop)
        for (storage_class, begin), stop in zip(moves, ends, strict=True)
    )


def _or_forever(days: float | None) -> float:
    return FOREVER if days is None else days
