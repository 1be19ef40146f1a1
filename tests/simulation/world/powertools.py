"""Logger and metrics of one function: counted, not printed."""

from __future__ import annotations

from collections import Counter
from typing import Any


class QuietLogger:
    """Takes what the functions log. A name of a data file in it would be a violation; ``lines`` are for looking."""

    def __init__(self) -> None:
        self.errors = 0

    def debug(self, message: str, **_: Any) -> None: ...

    def info(self, message: str, **_: Any) -> None: ...

    def warning(self, message: str, **_: Any) -> None: ...

    def error(self, message: str, **_: Any) -> None:
        self.errors += 1

    def exception(self, message: str, **_: Any) -> None:
        self.errors += 1

    def append_keys(self, **_: Any) -> None: ...


class CountedMetrics:
    """Sums of what a function counted."""

    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()

    def add_metric(self, name: str, unit: Any, value: float, resolution: int = 60) -> None:
        del unit, resolution
        self.sums[name] += value  # type: ignore[assignment]

    def add_dimension(self, name: str, value: str) -> None: ...

    def add_metadata(self, key: str, value: Any) -> None: ...

    def single_metric(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError("single_metric")
