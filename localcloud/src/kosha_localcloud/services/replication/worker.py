"""The background worker: one thread that does the jobs in the order in which they came, so that of a key too."""

import logging
import threading
import time
from collections import Counter, deque

from kosha_localcloud.gateway.handlers import FAULTS
from kosha_localcloud.services.replication import buckets
from kosha_localcloud.services.replication.apply import Job, ReplicationError, replicate
from kosha_localcloud.services.replication.faults import faults
from kosha_localcloud.services.replication.metrics import Metrics
from kosha_localcloud.services.replication.status import set_status, status_of

LOG = logging.getLogger(__name__)

SEND_EVERY_SECONDS = 1.0
LOOK_AT_HELD_EVERY_SECONDS = 0.2


class Worker:
    """Does jobs. `add` takes one from any thread."""

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self._held: list[Job] = []
        self._open: Counter[tuple[str, str, str, str]] = Counter()
        self._failed: set[tuple[str, str, str, str]] = set()
        self._running: Job | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self.metrics = Metrics()

    def add(self, jobs: list[Job]) -> None:
        """Take the jobs of one object version, one for each destination, and mark it PENDING."""
        for job in jobs:
            self.metrics.began(job)
        with self._changed:
            for job in jobs:
                self._open[job.thing] += 1
                self._waiting.append(job)
            if jobs:
                _mark(jobs[0], "PENDING")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="replication", daemon=True)
                self._thread.start()
            self._changed.notify()

    def under_way(self) -> list[str]:
        """Name what waits or runs. What a fault holds back is not under way: it waits for the fault to be removed."""
        with self._changed:
            jobs = [*self._waiting, *([self._running] if self._running else [])]
        return [f"replication of {job.bucket}/{job.key}" for job in jobs]

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
                self._changed.wait(LOOK_AT_HELD_EVERY_SECONDS if self._held else None)
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
        failed = False
        try:
            if faults.strike("fail", job.bucket, job.key):
                raise ReplicationError("A fault was injected.")
            replicate(job)
        except ReplicationError as error:
            LOG.warning("Replication of %s/%s failed: %s", job.bucket, job.key, error)
            failed = True
        except Exception:
            LOG.exception("Replication of %s/%s broke", job.bucket, job.key)
            failed = True
        self.metrics.ended(job, failed)
        with self._changed:
            self._settle(job, failed)
            last = not self._waiting
        if last:
            self.metrics.send()
        with self._changed:
            self._running = None

    def _settle(self, job: Job, failed: bool) -> None:
        """Set the status when the last job of the version is done: COMPLETED only if all destinations have it."""
        if failed:
            self._failed.add(job.thing)
        self._open[job.thing] -= 1
        if self._open[job.thing] == 0:
            del self._open[job.thing]
            _mark(job, "FAILED" if job.thing in self._failed else "COMPLETED")
            self._failed.discard(job.thing)


def _held_back(job: Job) -> bool:
    """Say whether a fault keeps the job waiting: one of ours, or one of the gateway's for either region.

    AWS goes on trying while a region does not answer; so does this.
    """
    if faults.strike("hold", job.bucket, job.key):
        return True
    for bucket in (job.bucket, job.destination):
        found = buckets.bucket_named(job.account, bucket)
        met = FAULTS.meeting("s3", "ReplicateObject", found.bucket_region, internal=True) if found else []
        if any(fault.kind != "delay" for fault in met):
            return True
    return False


def _mark(job: Job, status: str) -> None:
    source = buckets.bucket_named(job.account, job.bucket)
    version = buckets.version_of(source, job.key, job.version_id) if source else None
    if version is not None and status_of(version) != "REPLICA":
        set_status(version, status)


WORKER = Worker()


def under_way() -> list[str]:
    """Name the replications under way."""
    return WORKER.under_way()
