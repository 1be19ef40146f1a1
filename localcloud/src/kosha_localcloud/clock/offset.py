"""The clock: real time plus an offset that only grows, shared with the function processes through a file."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine


class Clock:
    """Moves the time of this whole process (every thread, every library) with time-machine."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._offset = timedelta(0)
        self._traveller: time_machine.Traveller | None = None
        self._write()

    @property
    def offset(self) -> timedelta:
        """How far the clock is ahead of real time."""
        return self._offset

    def now(self) -> datetime:
        """The time now; while the clock travels every other way of asking gives the same."""
        return datetime.now(UTC)

    def move_to(self, moment: datetime) -> None:
        """Put the clock forward to `moment`. It never goes back: stored dates would lie in the future."""
        with self._lock:
            step = moment - self.now()
            if step <= timedelta(0):
                return
            if self._traveller is None:
                self._traveller = time_machine.travel(step, tick=True).start()
                time.time()  # time-machine starts to tick when it is first asked
            else:
                self._traveller.shift(step)
            self._offset += step
            self._write()

    def _write(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".tmp")
        draft.write_text(json.dumps({"offset_seconds": self._offset.total_seconds()}))
        draft.replace(self._file)
