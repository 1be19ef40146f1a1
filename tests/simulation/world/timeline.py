"""Virtual time: one queue of things that are due, carried out in order."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

START = datetime(2026, 1, 4, 18, 30, tzinfo=UTC)  # midnight of a Monday in Kolkata


class Timeline:
    """The clock and what is due. Whoever waits lets others run meanwhile."""

    def __init__(self, start: datetime = START) -> None:
        self.start = self.now = start
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = count()

    def at(self, moment: datetime, action: Callable[[], None]) -> None:
        """Do something at a moment; what lies in the past is done at once when time goes on."""
        heapq.heappush(self._due, (moment, next(self._numbers), action))

    def after(self, delay: timedelta, action: Callable[[], None]) -> None:
        """Do something later."""
        self.at(self.now + delay, action)

    def advance(self, delay: timedelta) -> None:
        """Let time pass. May be called by an action: what is due runs inside of it."""
        self.advance_to(self.now + delay)

    def advance_to(self, until: datetime) -> None:
        """Let time pass until a moment."""
        while self._due and self._due[0][0] <= until:
            moment, _, action = heapq.heappop(self._due)
            self.now = max(self.now, moment)
            action()
        self.now = max(self.now, until)
