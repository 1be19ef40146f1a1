"""How far a run has come: what its checkpoint holds."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from scratch_cleaner.domain import DOUBTFUL, Facts, Reason
from scratch_cleaner.tree import Reading

# So many files of each reason are named in the notice; all are in the report.
EXAMPLES = 20


@dataclass
class Progress:
    """Position, counts and examples. ``problem`` is what the run was last told to be stuck on."""

    emptied: bool = False
    after: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    stays: Counter[Reason] = field(default_factory=Counter)
    examples: dict[Reason, list[str]] = field(default_factory=dict)
    reports: list[str] = field(default_factory=list)
    problem: str = ""
    reading_of: str = ""
    reading: Reading = field(default_factory=Reading)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Progress:
        """A checkpoint, or the start of a run where there is none."""
        if not document:
            return cls()
        return cls(
            emptied=document["emptied"],
            after=_read(document["after"]),
            counts=Counter(document["counts"]),
            stays=Counter({Reason(name): count for name, count in document["stays"].items()}),
            examples={Reason(name): paths for name, paths in document["examples"].items()},
            reports=list(document["reports"]),
            problem=document["problem"],
            reading_of=document["reading_of"],
            reading=Reading(*document["reading"]),
        )

    def to_document(self) -> dict[str, Any]:
        """For a checkpoint. Paths may hold bytes that are no text, so they are quoted."""
        return {
            "emptied": self.emptied,
            "after": _write(self.after),
            "counts": dict(self.counts),
            "stays": dict(self.stays),
            "examples": self.examples,
            "reports": self.reports,
            "problem": self.problem,
            "reading_of": self.reading_of,
            "reading": [self.reading.offset, self.reading.crc],
        }

    def stay(self, path: str, reason: Reason) -> None:
        """An entry stays."""
        self.stays[reason] += 1
        if reason in DOUBTFUL and len(named := self.examples.setdefault(reason, [])) < EXAMPLES:
            named.append(shown(path))

    def start_of(self, path: str, facts: Facts) -> Reading:
        """Where to go on reading a file that an earlier slice has begun and nobody has touched since."""
        return self.reading if self.reading_of == _identity(path, facts) else Reading()

    def stop_reading(self, path: str, facts: Facts, reading: Reading) -> None:
        """Time is over in the middle of a file."""
        self.reading_of, self.reading = _identity(path, facts), reading

    @property
    def doubtful_count(self) -> int:
        return sum(count for reason, count in self.stays.items() if reason in DOUBTFUL)


def shown(path: str) -> str:
    """A path as text: bytes that are no UTF-8 stand as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _identity(path: str, facts: Facts) -> str:
    times = f"{facts.mtime.isoformat()}:{facts.ctime.isoformat()}"
    return f"{_write(path)}:{facts.inode}:{facts.size}:{times}"


def _write(path: str) -> str:
    return quote(os.fsencode(path))


def _read(text: str) -> str:
    return os.fsdecode(unquote_to_bytes(text))
