"""Is work that was set off still under way? The clock waits for it before it moves on."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

Busy = Callable[[], list[str]]


class StillBusyError(TimeoutError):
    """The work did not end in time; `doing` names it."""

    def __init__(self, doing: list[str], waited: timedelta) -> None:
        super().__init__(f"still busy after {waited.total_seconds():.0f} s: {', '.join(doing)}")
        self.doing = doing


class Work:
    """Counts what is under way, and asks others (`add`) about theirs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._others: list[Busy] = []

    def add(self, busy: Busy) -> None:
        """Ask `busy` too: it names what is under way, or gives an empty list."""
        self._others.append(busy)

    @contextmanager
    def doing(self, name: str) -> Iterator[None]:
        """Count the block as work under way."""
        self.begin(name)
        with self.ending(name):
            yield

    @contextmanager
    def ending(self, name: str) -> Iterator[None]:
        """Work that began elsewhere ends with the block."""
        try:
            yield
        finally:
            self.end(name)

    def begin(self, name: str) -> None:
        """Work starts."""
        with self._lock:
            self._running[name] += 1

    def end(self, name: str) -> None:
        """Work that began has ended."""
        with self._lock:
            self._running[name] -= 1
            if not self._running[name]:
                del self._running[name]

    def under_way(self) -> list[str]:
        """The names of everything under way."""
        with self._lock:
            names = list(self._running)
        return names + [name for busy in self._others for name in busy()]

    def settle(self, limit: timedelta) -> None:
        """Wait until nothing is under way. Raises StillBusyError after `limit`.

        Work hands over from one thread to the next, so it must be quiet twice in a row.
        """
        deadline = time.monotonic() + limit.total_seconds()
        quiet = 0
        while quiet < 2:
            doing = self.under_way()
            quiet = 0 if doing else quiet + 1
            if doing and time.monotonic() > deadline:
                raise StillBusyError(doing, limit)
            time.sleep(0.01)


class CountingExecutor(Executor):
    """An executor whose tasks count as work from submission to end."""

    def __init__(self, inner: Executor, work: Work, name: str) -> None:
        self._inner = inner
        self._work = work
        self._name = name

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """See Executor."""
        self._work.begin(self._name)
        try:
            future = self._inner.submit(fn, *args, **kwargs)
        except BaseException:
            self._work.end(self._name)
            raise
        future.add_done_callback(lambda _: self._work.end(self._name))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See Executor."""
        self._inner.shutdown(wait=wait, cancel_futures=cancel_futures)


WORK = Work()
