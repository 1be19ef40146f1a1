"""The one owner of everything that happens at a time.

It knows every schedule (asked from its sources) and every one-off moment (a retry that waits), and fires each exactly
once, whether real time reaches it or the clock is advanced over it. Pure: the clock, the sources and the waiting are
given to it.
"""

from __future__ import annotations

import fnmatch
import functools
import heapq
import itertools
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from kosha_localcloud.clock.expressions import Plan

LOG = logging.getLogger(__name__)

Fire = Callable[[datetime], None]


class TimeSource(Protocol):
    """A clock that can be put forward."""

    def now(self) -> datetime:
        """The time now, aware, in UTC."""

    def move_to(self, moment: datetime) -> None:
        """Put the clock forward to `moment`; does nothing when it is past."""


@dataclass(frozen=True)
class Schedule:
    """Something that recurs. When `definition` changes, the schedule counts as new.

    `plan(first_seen)` builds the plan; it may raise ValueError, then the schedule never fires and the reason is kept.
    """

    key: str
    definition: tuple[object, ...]
    plan: Callable[[datetime], Plan]
    fire: Fire


class Source(Protocol):
    """Where schedules come from."""

    def schedules(self) -> Iterable[Schedule]:
        """Every schedule that may fire now; leave the disabled ones out."""


@dataclass(frozen=True)
class Firing:
    """One thing that was fired."""

    moment: datetime
    key: str


@dataclass
class _Entry:
    schedule: Schedule
    plan: Plan | None
    next: datetime | None
    problem: str = ""


_INSTANT = timedelta(microseconds=1)


class Timeline:
    """Keeps the schedules in time order and fires them."""

    def __init__(self, clock: TimeSource, sources: Iterable[Source]) -> None:
        self._clock = clock
        self._sources = list(sources)
        self._lock = threading.RLock()
        self._entries: dict[str, _Entry] = {}
        self._moments: list[tuple[datetime, int, str, Callable[[], None]]] = []
        self._moments_lock = threading.Lock()
        self._ids = itertools.count()
        self._awake: list[str] | None = None

    def add(self, source: Source) -> None:
        """Ask another source for schedules from now on."""
        self._sources.append(source)

    def rest(self, but: list[str] | None) -> None:
        """Let every schedule rest but those whose key fits one of these patterns; None lets none rest.

        What falls due meanwhile is missed, not made up for.
        """
        with self._lock:
            self._refresh()
            self._awake = but
            now = self._clock.now()
            for entry in self._entries.values():
                if entry.plan is not None and entry.next is not None and entry.next < now:
                    entry.next = entry.plan.next_after(now)

    def _rests(self, key: str) -> bool:
        return self._awake is not None and not any(fnmatch.fnmatch(key, pattern) for pattern in self._awake)

    def at(self, moment: datetime, key: str, action: Callable[[], None]) -> None:
        """Do `action` once when `moment` comes. May be called from any thread, also from an action."""
        with self._moments_lock:
            heapq.heappush(self._moments, (moment, next(self._ids), key, action))

    def tick(self) -> timedelta | None:
        """Fire what real time has reached. Gives how long until the next firing, or None when nothing is planned."""
        with self._lock:
            self._refresh()
            while (due := self._next_due()) is not None and due <= self._clock.now():
                self._fire_at(due)
                self._refresh()
            return None if due is None else due - self._clock.now()

    def advance(self, target: datetime | timedelta, settle: Callable[[], None]) -> list[Firing]:
        """Put the clock forward to `target` or by it, stopping at every time at which something is due.

        `settle` waits until the work that was fired is done; what it raises ends the advance at that time.
        """
        fired: list[Firing] = []
        with self._lock:
            self._refresh()
            if isinstance(target, timedelta):
                # counted from here, so that a rate first seen just now fires as often as it should
                target += self._clock.now()
            while (due := self._next_due()) is not None and due <= max(target, self._clock.now()):
                self._clock.move_to(due)
                fired += self._fire_at(due)
                settle()
                self._refresh()
            self._clock.move_to(target)
            settle()
        return fired

    def overview(self) -> list[dict[str, str | None]]:
        """Every schedule with its next time, for people who wonder why something does not fire."""
        with self._lock:
            self._refresh()
            return [
                {
                    "schedule": key,
                    "next": entry.next.astimezone(UTC).isoformat() if entry.next else None,
                    "problem": entry.problem or None,
                }
                for key, entry in sorted(self._entries.items())
            ]

    def _refresh(self) -> None:
        now = self._clock.now()
        seen: dict[str, _Entry] = {}
        for source in self._sources:
            for schedule in source.schedules():
                known = self._entries.get(schedule.key)
                if known is not None and known.schedule.definition == schedule.definition:
                    known.schedule = schedule
                    seen[schedule.key] = known
                else:
                    seen[schedule.key] = _new_entry(schedule, now)
        self._entries = seen

    def _next_due(self) -> datetime | None:
        times = [entry.next for key, entry in self._entries.items() if entry.next is not None and not self._rests(key)]
        with self._moments_lock:
            if self._moments:
                times.append(self._moments[0][0])
        return min(times, default=None)

    def _fire_at(self, due: datetime) -> list[Firing]:
        fired = []
        for key, entry in sorted(self._entries.items()):
            if entry.plan is not None and entry.next is not None and entry.next <= due and not self._rests(key):
                moment = entry.next
                entry.next = entry.plan.next_after(moment)
                _call(key, functools.partial(entry.schedule.fire, moment))
                fired.append(Firing(moment, key))
        for moment, key, action in self._take_moments(due):
            _call(key, action)
            fired.append(Firing(moment, key))
        return fired

    def _take_moments(self, due: datetime) -> list[tuple[datetime, str, Callable[[], None]]]:
        taken = []
        with self._moments_lock:
            while self._moments and self._moments[0][0] <= due:
                moment, _, key, action = heapq.heappop(self._moments)
                taken.append((moment, key, action))
        return taken


def _new_entry(schedule: Schedule, now: datetime) -> _Entry:
    try:
        plan = schedule.plan(now)
    except ValueError as error:
        LOG.warning("Schedule %s never fires: %s", schedule.key, error)
        return _Entry(schedule, plan=None, next=None, problem=str(error))
    return _Entry(schedule, plan=plan, next=plan.next_after(now - _INSTANT))


def _call(key: str, action: Callable[[], None]) -> None:
    """One schedule that fails must not keep the others from firing."""
    try:
        action()
    except Exception:
        LOG.exception("Firing %s failed", key)
