"""Replicating one thing to one destination."""

import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localstack.services.s3.utils import get_retention_from_now

from kosha_localcloud.access import state
from kosha_localcloud.services.operations import Document
from kosha_localcloud.services.replication import buckets
from kosha_localcloud.services.replication.errors import ReplicationError
from kosha_localcloud.services.replication.rights import check_rights
from kosha_localcloud.services.replication.rules import destination_of
from kosha_localcloud.services.replication.status import set_status, status_of

_LOCKS = ("lock_mode", "lock_until", "lock_legal_status")


@dataclass(frozen=True)
class Job:
    """What one rule has to replicate.

    `kind` is `version` (an object, later its tags and locks too), `marker`, or `changes`: tags and locks that were
    changed on a replica, which go back to what it was made from. `due`: not before.
    """

    account: str
    bucket: str
    key: str
    version_id: str
    kind: str
    rule: Document
    since: datetime
    due: datetime
    size: int

    @property
    def destination(self) -> str:
        return destination_of(self.rule)

    @property
    def thing(self) -> tuple[str, str, str, str]:
        """The object version: its status is that of all its jobs."""
        return self.account, self.bucket, self.key, self.version_id


def replicate(job: Job, again: bool = False) -> None:
    """Do a job. Doing it again changes nothing.

    Raises ReplicationError; what was deleted for good at the destination is not replicated a second time, when a
    batch asks for that (`again`), as in AWS.
    """
    source = state.bucket_named(job.bucket)
    original = buckets.version_of(source, job.key, job.version_id) if source else None
    if source is None or original is None:
        # Deleted for good before it was its turn: there is nothing to replicate.
        return
    destination = state.bucket_named(job.destination)
    if destination is None:
        raise ReplicationError("DstBucketNotFound", f"Destination bucket {job.destination} does not exist: create it.")
    if destination.versioning_status != "Enabled":
        raise ReplicationError(
            "DstBucketUnversioned", f"Destination bucket {job.destination} is not versioned: enable versioning on it."
        )
    if source.object_lock_enabled and not destination.object_lock_enabled:
        raise ReplicationError(
            "DstBucketObjectLockConfigMissing",
            f"{job.bucket} has Object Lock, so {job.destination} must have it too: enable it there.",
        )
    replica = buckets.version_of(destination, job.key, job.version_id)
    if replica is None and job.kind == "changes":
        # What the replica was made from is gone for good: nothing has these tags any more.
        return
    check_rights(job.kind, source, original, destination, _key_of_replica(job, original, destination))
    if replica is None:
        if again and status_of(original) == "COMPLETED":
            raise ReplicationError(
                "DstObjectHardDeleted", f"{job.key} was deleted for good from {job.destination}: copy it in place."
            )
        order = buckets.order_of(source, job.key)
        later = set(order[order.index(job.version_id) + 1 :]) if job.version_id in order else set()
        replica = _marker(original) if job.kind == "marker" else _object(job, source, original, destination)
        buckets.insert(destination, replica, later)
    if job.kind != "marker":
        buckets.set_tags(destination, replica, state.object_tags(source, original))
        _lock(original, replica)


def _lock(original: Any, replica: Any) -> None:
    """What is locked stays as long at the destination; what is not leaves the destination's own lock alone.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
    """
    if original.lock_mode or original.lock_legal_status:
        for lock in _LOCKS:
            setattr(replica, lock, getattr(original, lock))


def _marker(original: Any) -> Any:
    marker = buckets.new_marker(original.key, original.version_id)
    marker.last_modified = original.last_modified
    set_status(marker, "REPLICA")
    return marker


def _object(job: Job, source: Any, original: Any, destination: Any) -> Any:
    """Make the replica: same version id, metadata and creation time; encryption and storage class as the rule says."""
    replica = copy.copy(original)
    replica.owner = destination.owner
    replica.user_metadata = dict(original.user_metadata)
    replica.system_metadata = dict(original.system_metadata)
    replica.storage_class = job.rule["Destination"].get("StorageClass") or original.storage_class
    _encrypt(job, original, replica, destination)
    if default := destination.object_lock_default_retention:
        replica.lock_mode = default["Mode"]
        replica.lock_until = get_retention_from_now(default.get("Days"), default.get("Years"))
    buckets.copy_bytes(source, original, destination, replica)
    # Copying the bytes sets these anew.
    replica.etag = original.etag
    replica.checksum_value = original.checksum_value
    replica.last_modified = original.last_modified
    set_status(replica, "REPLICA")
    return replica


def _is_kms(version: Any) -> bool:
    return (version.encryption or "").startswith("aws:kms")


def _key_of_replica(job: Job, original: Any, destination: Any) -> str | None:
    """A KMS object gets the rule's key; any other object what the destination bucket gives new objects."""
    if job.kind != "version":
        return None
    if _is_kms(original):
        key: str | None = (job.rule["Destination"].get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
        if not key:
            raise ReplicationError(
                "DstKmsKeyNotFound",
                f"Rule {job.rule.get('ID')} names no key for KMS-encrypted replicas: set ReplicaKmsKeyID.",
            )
        return key
    rule = destination.encryption_rule or {}
    default: dict[str, str] = rule.get("ApplyServerSideEncryptionByDefault") or {}
    return default.get("KMSMasterKeyID")


def _encrypt(job: Job, original: Any, replica: Any, destination: Any) -> None:
    replica.kms_key_id = _key_of_replica(job, original, destination)
    if _is_kms(original):
        _check_key(replica.kms_key_id, destination)
        return
    rule = destination.encryption_rule or {}
    default = rule.get("ApplyServerSideEncryptionByDefault") or {}
    replica.encryption = default.get("SSEAlgorithm") or original.encryption
    replica.bucket_key_enabled = rule.get("BucketKeyEnabled", False)


def _check_key(named: str, destination: Any) -> None:
    """Raise ReplicationError for a key that does not exist or cannot be used."""
    key = state.key_of(named, destination.bucket_account_id, destination.bucket_region)
    if key is None:
        raise ReplicationError(
            "DstKmsKeyNotFound", f"Key {named} does not exist: create it, or name another in the rule."
        )
    if not key.metadata["Enabled"]:
        raise ReplicationError("DstKmsKeyInvalidState", f"Key {named} is disabled or pending deletion: enable it.")
