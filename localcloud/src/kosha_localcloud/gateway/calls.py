"""The log of who called what. Pure."""

from __future__ import annotations

import threading
from collections import deque
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


class CallLog:
    """The latest calls; the oldest fall out."""

    def __init__(self, size: int = 10_000) -> None:
        self._calls: deque[Call] = deque(maxlen=size)
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        """Keep one call."""
        with self._lock:
            self._calls.append(call)

    def clear(self) -> None:
        """Forget every call."""
        with self._lock:
            self._calls.clear()

    def find(self, **wanted: str) -> list[dict[str, Any]]:
        """The calls in the order they ended. `wanted` are fields and the value each must have (any case)."""
        with self._lock:
            calls = [asdict(call) for call in self._calls]
        return [
            call for call in calls if all(str(call[field]).lower() == value.lower() for field, value in wanted.items())
        ]
