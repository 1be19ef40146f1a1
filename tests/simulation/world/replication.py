"""S3 replication: new objects, tags and delete markers reach the replica later, in any order, and never twice.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html: a version deleted for
good is not replicated; a replica keeps version id, metadata and creation time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from tests.simulation.world.s3 import Bucket, Change, Store, Version

DELAY = timedelta(seconds=40)
# A region that is down takes nothing; replication looks again.
AGAIN = timedelta(minutes=15)


class Replication:
    """Copies a bucket to another one. ``slow_until`` and ``fail_next`` are faults."""

    def __init__(self, store: Store, source: Bucket, replica: Bucket) -> None:
        self._store = store
        self._source = source
        self._replica = replica
        self.pending: dict[str, Version] = {}
        self.extra_delay = timedelta(0)
        self.fail_next = 0
        self.failed: dict[str, Version] = {}
        store.watchers.append(self._watch)

    def _watch(self, change: Change) -> None:
        if change.bucket != self._source.name or change.kind == "deleted":
            return
        version = change.version
        if version.version_id in self.failed:
            return
        if not version.is_marker:
            version.replication = "PENDING"
        self.pending[version.version_id] = version
        # Every third thing takes longer than the one after it: order is not promised.
        delay = DELAY * (3 if version.number % 3 == 0 else 1) + self.extra_delay
        self._store.timeline.after(delay, self._attempt(version))

    def _attempt(self, version: Version) -> Callable[[], None]:
        def attempt() -> None:
            if version.version_id not in self.pending:
                return
            if self._store.faults.is_down(self._source.region) or self._store.faults.is_down(self._replica.region):
                self._store.timeline.after(AGAIN, attempt)
                return
            if self.fail_next > 0 and not version.is_marker:
                self.fail_next -= 1
                self._store.faults.note("replication failed")
                version.replication = "FAILED"
                self.failed[version.version_id] = self.pending.pop(version.version_id)
                return
            self._copy(version)

        return attempt

    def _copy(self, version: Version) -> None:
        self.pending.pop(version.version_id, None)
        if version not in self._source.versions.get(version.key, ()):
            return
        replica = self._replica.find(version.key, version.version_id)
        if replica is None:
            status = None if version.is_marker else "REPLICA"
            replica = replace(version, tags=dict(version.tags), metadata=dict(version.metadata), replication=status)
            self._replica.add(replica)
            self._store.tell(Change(self._replica.name, replica, "marker" if version.is_marker else "new", {}, None))
        elif replica.tags != version.tags:
            self._store.set_tags(self._replica, replica, version.tags)
        if not version.is_marker:
            version.replication = "COMPLETED"

    def repair(self) -> None:
        """What people do about failed replication: S3 Batch Replication of what is marked FAILED."""
        failed, self.failed = self.failed, {}
        for version in failed.values():
            self._watch(Change(self._source.name, version, "new", {}, None))

    def differences(self) -> list[str]:
        """Where source and replica differ, pending and failed things left out."""
        found = []
        open_keys = {each.key for each in (*self.pending.values(), *self.failed.values())}
        for key in {*self._source.versions, *self._replica.versions} - open_keys:
            source = self._source.versions.get(key, [])
            replica = {each.version_id: each for each in self._replica.versions.get(key, [])}
            for version in source:
                copy = replica.get(version.version_id)
                if copy is None or (copy.body, copy.tags, copy.is_marker) != (
                    version.body,
                    version.tags,
                    version.is_marker,
                ):
                    found.append(key)
                    break
        return found
