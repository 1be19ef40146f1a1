"""Replicating one thing to one destination."""

import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localstack.services.kms.models import kms_stores

from kosha_localcloud.services.operations import Document
from kosha_localcloud.services.replication import buckets
from kosha_localcloud.services.replication.status import set_status


@dataclass(frozen=True)
class Job:
    """What one rule has to replicate. `kind` is `version` (an object, later its tags and locks too) or `marker`."""

    account: str
    bucket: str
    key: str
    version_id: str
    kind: str
    rule: Document
    since: datetime
    size: int

    @property
    def destination(self) -> str:
        return str(self.rule["Destination"]["Bucket"].rpartition(":")[2])

    @property
    def thing(self) -> tuple[str, str, str, str]:
        """The object version: its status is that of all its jobs."""
        return self.account, self.bucket, self.key, self.version_id


class ReplicationError(Exception):
    """The destination does not take the object; the message says why and what to do."""


def replicate(job: Job) -> None:
    """Do a job. Doing it again changes nothing. Raises ReplicationError."""
    source = buckets.bucket_named(job.account, job.bucket)
    original = buckets.version_of(source, job.key, job.version_id) if source else None
    if source is None or original is None:
        # Deleted for good before it was its turn: there is nothing to replicate.
        return
    owner = (job.rule["Destination"].get("Account")) or job.account
    destination = buckets.bucket_named(owner, job.destination)
    if destination is None:
        raise ReplicationError(f"Destination bucket {job.destination} does not exist: create it.")
    if destination.versioning_status != "Enabled":
        raise ReplicationError(f"Destination bucket {job.destination} is not versioned: enable versioning on it.")
    replica = buckets.version_of(destination, job.key, job.version_id)
    if replica is None:
        order = buckets.order_of(source, job.key)
        later = set(order[order.index(job.version_id) + 1 :]) if job.version_id in order else set()
        replica = _marker(original) if job.kind == "marker" else _object(job, source, original, destination)
        buckets.insert(destination, replica, later)
    if job.kind == "version":
        buckets.set_tags(destination, replica, buckets.tags_of(source, original))
        for lock in ("lock_mode", "lock_until", "lock_legal_status"):
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
    buckets.copy_bytes(source, original, destination, replica)
    # Copying the bytes sets these anew.
    replica.etag = original.etag
    replica.checksum_value = original.checksum_value
    replica.last_modified = original.last_modified
    set_status(replica, "REPLICA")
    return replica


def _encrypt(job: Job, original: Any, replica: Any, destination: Any) -> None:
    """A KMS object gets the rule's key; any other object what the destination bucket gives new objects."""
    if (original.encryption or "").startswith("aws:kms"):
        key_id = (job.rule["Destination"].get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
        if not key_id:
            raise ReplicationError(
                f"Rule {job.rule.get('ID')} names no key for KMS-encrypted replicas: set ReplicaKmsKeyID."
            )
        _check_key(key_id)
        replica.kms_key_id = key_id
        return
    rule = destination.encryption_rule or {}
    default = rule.get("ApplyServerSideEncryptionByDefault") or {}
    replica.encryption = default.get("SSEAlgorithm") or original.encryption
    replica.kms_key_id = default.get("KMSMasterKeyID")
    replica.bucket_key_enabled = rule.get("BucketKeyEnabled", False)


def _check_key(key_arn: str) -> None:
    """Raise ReplicationError for a key that does not exist or cannot be used."""
    _, _, _, region, account, resource = key_arn.split(":", 5)
    store = kms_stores[account][region]
    kind, _, name = resource.partition("/")
    if kind == "alias":
        alias = store.aliases.get(resource)
        name = alias.metadata["TargetKeyId"] if alias else ""
    key = store.keys.get(name)
    if key is None:
        raise ReplicationError(f"Key {key_arn} does not exist: create it, or name another in the rule.")
    if not key.metadata["Enabled"]:
        raise ReplicationError(f"Key {key_arn} is disabled or pending deletion: enable it.")
