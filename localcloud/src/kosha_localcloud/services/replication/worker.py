"""The background worker: one thread that does the jobs in the order in which they fall due, so that of a key too."""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Protocol

from kosha_localcloud.access import state
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.replication import buckets
from kosha_localcloud.services.replication.apply import Job, replicate
from kosha_localcloud.services.replication.errors import ReplicationError
from kosha_localcloud.services.replication.faults import faults
from kosha_localcloud.services.replication.metrics import Metrics
from kosha_localcloud.services.replication.reach import answers
from kosha_localcloud.services.replication.status import set_status, status_of

LOG = logging.getLogger(__name__)

SEND_EVERY_SECONDS = 1.0
LOOK_AT_HELD_EVERY_SECONDS = 0.2

type Thing = tuple[str, str, str, str]


class Timeline(Protocol):
    """The clock's."""

    def at(self, moment: datetime, key: str, action: Callable[[], None]) -> None:
        """Do `action` when `moment` comes."""


class Ticket:
    """How the replication of a version that a batch asked for ends; `is_held` while a fault or a region holds it."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.failure: ReplicationError | None = None
        self.is_held: Callable[[], bool] = bool


class Worker:
    """Does jobs. `add` takes one from any thread."""

    def __init__(self) -> None:
        self.timeline: Timeline | None = None
        self._waiting: deque[Job] = deque()
        self._late: list[Job] = []
        self._held: list[Job] = []
        self._open: Counter[Thing] = Counter()
        self._failed: dict[Thing, ReplicationError] = {}
        self._tickets: dict[Thing, Ticket] = {}
        self._running: Job | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self.metrics = Metrics()

    def add(self, jobs: list[Job], ticket: Ticket | None = None) -> None:
        """Take the jobs of one object version, one for each destination, and mark it PENDING.

        What is not due yet begins when the clock has come so far.
        """
        for job in jobs:
            self.metrics.began(job)
        late = [job for job in jobs if job.due > now()]
        with self._changed:
            for job in jobs:
                self._open[job.thing] += 1
                (self._late if job in late else self._waiting).append(job)
            if jobs and ticket is None:
                _mark(jobs[0], "PENDING")
            if jobs and ticket is not None:
                self._tickets[jobs[0].thing] = ticket
                ticket.is_held = partial(self._is_held, jobs[0].thing)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="replication", daemon=True)
                self._thread.start()
            self._changed.notify()
        for job in late:
            assert self.timeline is not None
            self.timeline.at(job.due, f"replication of {job.bucket}/{job.key}", partial(self._falls_due, job))

    def _falls_due(self, job: Job) -> None:
        with self._changed:
            self._late.remove(job)
            self._waiting.append(job)
            self._changed.notify()

    def under_way(self) -> list[str]:
        """Name what waits or runs.

        What is not due, or held back by a fault or a region, is not under way: it waits for the clock, or the region.
        """
        with self._changed:
            jobs = [*self._waiting, *([self._running] if self._running else [])]
        return [f"replication of {job.bucket}/{job.key}" for job in jobs]

    def _is_held(self, thing: Thing) -> bool:
        with self._changed:
            return any(job.thing == thing for job in (*self._held, *self._late))

    def _work(self) -> None:
        sent = time.monotonic()
        while True:
            job = self._next()
            if job is not None:
                self._do(job)
            if job is None or time.monotonic() - sent > SEND_EVERY_SECONDS:
                self.metrics.send()
                sent = time.monotonic()

    def _next(self) -> Job | None:
        """Take a job, waiting for one; None when there still is none."""
        with self._changed:
            self._release_held()
            if not self._waiting:
                # Looked at from time to time while something waits, for the metrics too.
                self._changed.wait(LOOK_AT_HELD_EVERY_SECONDS if self._held or self._late else None)
                self._release_held()
            self._running = self._waiting.popleft() if self._waiting else None
            return self._running

    def _release_held(self) -> None:
        """Let go what nothing holds back any more, in the order in which it came."""
        free = [job for job in self._held if not _held_back(job)]
        self._held = [job for job in self._held if job not in free]
        self._waiting.extendleft(reversed(free))

    def _do(self, job: Job) -> None:
        if _held_back(job):
            with self._changed:
                self._held.append(job)
                self._running = None
            return
        failure = None
        try:
            if faults.strike("fail", job.bucket, job.key):
                raise ReplicationError("InternalError", "A fault was injected.")
            replicate(job, again=job.thing in self._tickets)
        except ReplicationError as error:
            LOG.warning("Replication of %s/%s failed: %s %s", job.bucket, job.key, error.code, error)
            failure = error
        except Exception as error:
            LOG.exception("Replication of %s/%s broke", job.bucket, job.key)
            failure = ReplicationError("InternalError", str(error))
        self.metrics.ended(job, failure is not None)
        with self._changed:
            self._settle(job, failure)
            last = not self._waiting
        if last:
            self.metrics.send()
        with self._changed:
            self._running = None

    def _settle(self, job: Job, failure: ReplicationError | None) -> None:
        """Set the status when the last job of the version is done: COMPLETED only if all destinations have it."""
        if failure is not None:
            self._failed[job.thing] = failure
        self._open[job.thing] -= 1
        if self._open[job.thing] > 0:
            return
        del self._open[job.thing]
        failed = self._failed.pop(job.thing, None)
        _mark(job, "FAILED" if failed else "COMPLETED")
        if (ticket := self._tickets.pop(job.thing, None)) is not None:
            ticket.failure = failed
            ticket.ended.set()


def _held_back(job: Job) -> bool:
    """Say whether the job must wait: for a fault of ours, or for either region."""
    if faults.strike("hold", job.bucket, job.key):
        return True
    found = (state.bucket_named(name) for name in (job.bucket, job.destination))
    return not all(answers(bucket.bucket_region) for bucket in found if bucket is not None)


def _mark(job: Job, status: str) -> None:
    source = state.bucket_named(job.bucket)
    version = buckets.version_of(source, job.key, job.version_id) if source else None
    if version is not None and status_of(version) != "REPLICA":
        set_status(version, status)


WORKER = Worker()


def under_way() -> list[str]:
    """Name the replications under way."""
    return WORKER.under_way()
