"""What the reconciler remembers: when it began, how far slots are judged, which executions are settled."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from transfer_reconciler.domain import Span


@dataclass
class Memory:
    """``settled`` holds executions with nothing left to do, ``None`` for one that serves no slot any more; ``attempts``
    counts the tagger's calls for the others. ``succeeded`` is when the latest one that succeeded began."""

    began: datetime
    judged_until: datetime | None = None
    settled: dict[str, Span | None] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    succeeded: datetime | None = None

    @classmethod
    def read(cls, document: dict[str, Any], now: datetime) -> Memory:
        """From the state document; an empty one means that this is the first run."""
        if not document:
            return cls(began=now)
        judged, succeeded = document.get("judged_until"), document.get("succeeded")
        return cls(
            began=datetime.fromisoformat(document["began"]),
            judged_until=datetime.fromisoformat(judged) if judged else None,
            settled={
                name: span
                and Span(datetime.fromisoformat(span[0]), datetime.fromisoformat(span[1]) if span[1] else None)
                for name, span in document["settled"].items()
            },
            attempts=dict(document["attempts"]),
            succeeded=datetime.fromisoformat(succeeded) if succeeded else None,
        )

    def document(self) -> dict[str, Any]:
        """The state document."""
        return {
            "began": self.began.isoformat(),
            "judged_until": self.judged_until.isoformat() if self.judged_until else None,
            "settled": {
                name: span and [span.started_at.isoformat(), span.ended_at.isoformat() if span.ended_at else None]
                for name, span in self.settled.items()
            },
            "attempts": self.attempts,
            "succeeded": self.succeeded.isoformat() if self.succeeded else None,
        }
