"""Faults that are to happen: which calls they meet and what they do. Pure: the random numbers come from the seed."""

from __future__ import annotations

import fnmatch
import itertools
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = ("error", "throttle", "delay", "drop")
FIELDS = ("service", "operation", "region", "kind", "code", "message", "status", "seconds", "times", "probability",
          "seed", "internal")  # fmt: skip

_ids = itertools.count(1)


class FaultError(ValueError):
    """A fault description that cannot be; the message names the field and what it may hold."""


@dataclass
class Fault:
    """`service`, `operation` and `region` are names or patterns (`*`, `Put*`); the rest says what happens.

    error: the call fails with `code`, `message` and HTTP `status`. throttle: the same with ThrottlingException and 429.
    delay: the call takes `seconds` longer. drop: the connection ends without an answer.
    `times`: how often it happens (None: always). `probability`: how likely it is at each matching call, by `seed`.
    `internal`: calls of one service of the local cloud to another are met, too.
    """

    kind: str
    service: str = "*"
    operation: str = "*"
    region: str = "*"
    code: str = "InternalFailure"
    message: str = "Injected by the local cloud"
    status: int = 500
    seconds: float = 0.0
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    internal: bool = False
    id: int = field(default_factory=lambda: next(_ids))
    met: int = 0
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 repeatable faults, no secret

    def meets(self, service: str, operation: str, region: str, *, internal: bool) -> bool:
        """Does it happen to this call? Counts the call when it does."""
        if internal and not self.internal:
            return False
        if self.times is not None and self.met >= self.times:
            return False
        called = ((service, self.service), (operation, self.operation), (region, self.region))
        if not all(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for name, pattern in called):
            return False
        if self._random.random() >= self.probability:
            return False
        self.met += 1
        return True

    def describe(self) -> dict[str, Any]:
        """The fault as JSON, with how many calls it has met."""
        return {"id": self.id, **{name: getattr(self, name) for name in FIELDS}, "met": self.met}


def parse(document: Mapping[str, Any]) -> Fault:
    """Check a description from outside. Raises FaultError."""
    unknown = sorted(set(document) - set(FIELDS))
    if unknown:
        raise FaultError(f"unknown field {unknown[0]!r}; a fault has {', '.join(FIELDS)}")
    kind = document.get("kind")
    if kind not in KINDS:
        raise FaultError(f"kind is {kind!r}; use one of {', '.join(KINDS)}")
    values: dict[str, Any] = dict(document)
    if kind == "throttle":
        values = {"code": "ThrottlingException", "message": "Rate exceeded", "status": 429, **values}
    for name in ("service", "operation", "region", "code", "message"):
        if name in values and not (isinstance(values[name], str) and values[name]):
            raise FaultError(f"{name} is {values[name]!r}; give a name")
    check_number(values, "status", int, 400, 599)
    check_number(values, "seconds", (int, float), 0, 3600)
    check_number(values, "probability", (int, float), 0, 1)
    check_number(values, "seed", int, 0, 2**63)
    if values.get("times") is not None:
        check_number(values, "times", int, 1, 2**31)
    if not isinstance(values.get("internal", False), bool):
        raise FaultError(f"internal is {values['internal']!r}; use true or false")
    if kind == "delay" and not values.get("seconds"):
        raise FaultError("a delay needs seconds, e.g. 2.5")
    return Fault(**values)


def check_number(values: Mapping[str, Any], name: str, kind: type | tuple[type, ...], low: float, high: float) -> None:
    """Raise FaultError for a value, if there is one, that is no number of this kind between `low` and `high`."""
    if name not in values:
        return
    value: Any = values[name]
    proper = isinstance(value, kind) and not isinstance(value, bool)
    if not proper or not low <= value <= high:
        raise FaultError(f"{name} is {value!r}; use a number from {low} to {high}")


class FaultList:
    """The faults in force."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, faults: list[Fault]) -> None:
        """Put faults in force, after those that are."""
        with self._lock:
            self._faults += faults

    def remove(self, fault_id: int | None = None) -> int:
        """Take one fault away, or all. Gives how many were removed."""
        with self._lock:
            kept = [] if fault_id is None else [fault for fault in self._faults if fault.id != fault_id]
            removed = len(self._faults) - len(kept)
            self._faults = kept
        return removed

    def meeting(self, service: str, operation: str, region: str, *, internal: bool) -> list[Fault]:
        """The faults that happen to this call: every delay that meets it, and the first that ends it."""
        met = []
        with self._lock:
            for fault in self._faults:
                if fault.meets(service, operation, region, internal=internal):
                    met.append(fault)
                    if fault.kind != "delay":
                        break
        return met

    def describe(self) -> list[dict[str, Any]]:
        """Every fault in force as JSON."""
        with self._lock:
            return [fault.describe() for fault in self._faults]
