"""LocalStack's S3 from the inside: buckets, object versions, tags and stored bytes."""

from contextlib import AbstractContextManager
from typing import Any

from localstack.services.s3.models import S3Bucket, S3DeleteMarker, S3Object, VersionedKeyStore, s3_stores
from localstack.services.s3.provider import S3Provider
from localstack.services.s3.utils import get_unique_key_id
from localstack.utils.patch import patch

_provider: list[Any] = []


def remember_provider() -> None:
    """Learn which provider serves S3, once it is made: it holds the bytes."""

    @patch(S3Provider.__init__)
    def make(fn: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        fn(self, *args, **kwargs)
        _provider[:] = [self]


def version_of(bucket: S3Bucket, key: str, version_id: str | None) -> S3Object | S3DeleteMarker | None:
    """Give a version (the current one for None), or None when there is no such thing."""
    if isinstance(bucket.objects, VersionedKeyStore):
        return bucket.objects.get(key, version_id)
    return None


def versions(bucket: S3Bucket) -> list[Any]:
    """Give every version and delete marker, oldest first for each key."""
    return [version for versions in list(bucket.objects._store.values()) for version in list(versions.values())]


def is_marker(version: object) -> bool:
    """Say whether a version is a delete marker."""
    return isinstance(version, S3DeleteMarker)


def new_marker(key: str, version_id: str) -> S3DeleteMarker:
    """Make a delete marker."""
    return S3DeleteMarker(key=key, version_id=version_id)


def order_of(bucket: S3Bucket, key: str) -> list[str]:
    """Give the version ids of a key, the current one last."""
    return list(bucket.objects._store.get(key, {}))


def insert(bucket: S3Bucket, version: S3Object | S3DeleteMarker, later: set[str]) -> None:
    """Put a version into a bucket before the first of those in `later`: a late arrival is not the current one."""
    with _key_lock(bucket.name, version.key):
        old = bucket.objects._store.get(version.key, {})
        new: dict[str, Any] = {}
        for identifier, existing in old.items():
            if identifier in later and version.version_id not in new:
                new[version.version_id] = version
            new[identifier] = existing
        new.setdefault(version.version_id, version)
        for existing in new.values():
            existing.is_current = False
        next(reversed(new.values())).is_current = True
        bucket.objects._store[version.key] = new


def _key_lock(bucket: str, key: str) -> AbstractContextManager[Any]:
    lock: AbstractContextManager[Any] = _provider[0]._preconditions_locks[bucket][key]
    return lock


def copy_bytes(source: S3Bucket, original: S3Object, destination: S3Bucket, replica: S3Object) -> None:
    """Copy the bytes of an object version."""
    storage = _provider[0]._storage_backend
    with storage.copy(source.name, original, destination.name, replica):
        pass


def set_tags(bucket: S3Bucket, version: S3Object, wanted: dict[str, str]) -> None:
    """Give an object version exactly these tags."""
    tags = s3_stores[bucket.bucket_account_id][bucket.bucket_region].tags
    identifier = get_unique_key_id(bucket.name, version.key, version.version_id)
    tags.delete_all_tags(identifier)
    if wanted:
        tags.update_tags(identifier, wanted)
