"""The log of who called what. Pure."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """One call to an AWS operation. `internal`: one service of the local cloud called another."""

    time: str
    service: str
    operation: str
    region: str
    access_key: str
    principal: str
    status: int
    error: str | None
    internal: bool
    versioned: bool = False
    """The call names a version of an object, for which IAM has actions of their own."""


class CallLog:
    """The latest calls; the oldest fall out. How often each principal called each operation is counted for good."""

    def __init__(self, size: int = 10_000) -> None:
        self._calls: deque[Call] = deque(maxlen=size)
        self._counts: Counter[tuple[str, str, str, bool]] = Counter()
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        """Keep one call."""
        with self._lock:
            self._calls.append(call)
            self._counts[(call.principal, call.service, call.operation, call.versioned)] += 1

    def clear(self) -> None:
        """Forget every call."""
        with self._lock:
            self._calls.clear()
            self._counts.clear()

    def counts(self) -> list[dict[str, Any]]:
        """Every principal with every operation it called since the start, and how often."""
        with self._lock:
            counted = sorted(self._counts.items())
        names = ("principal", "service", "operation", "versioned")
        return [dict(zip(names, key, strict=True)) | {"count": count} for key, count in counted]

    def find(self, **wanted: str) -> list[dict[str, Any]]:
        """The calls in the order they ended. `wanted` are fields and the value each must have (any case)."""
        with self._lock:
            calls = [asdict(call) for call in self._calls]
        return [
            call for call in calls if all(str(call[field]).lower() == value.lower() for field, value in wanted.items())
        ]
