"""Versioned buckets, and an S3 client with the methods the functions use, each with exactly the arguments they give.

Behaviour and error codes: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html.
Conditional writes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html.
"""

from __future__ import annotations

import base64
import hashlib
import io
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import IO, Any

from awscrt import checksums

from tests.simulation.world.errors import client_error
from tests.simulation.world.faults import Faults, Invocation
from tests.simulation.world.timeline import Timeline

PAGE = 100  # AWS gives a thousand; small pages make small histories cross them
TAG_LIMIT = 10


@dataclass
class Version:
    """One version of an object, or a delete marker. ``number`` orders versions over all keys."""

    key: str
    version_id: str
    number: int
    body: bytes
    modified: datetime
    etag: str = ""
    crc64nvme: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    is_marker: bool = False
    replication: str | None = None
    storage_class: str = "STANDARD"


@dataclass(frozen=True)
class Change:
    """Something happened to a version: ``new``, ``tags``, ``marker`` or ``deleted``, by a function or by others."""

    bucket: str
    version: Version
    kind: str
    before: Mapping[str, str]
    invocation: Invocation | None


class Bucket:
    """A versioned bucket."""

    def __init__(self, name: str, region: str) -> None:
        self.name = name
        self.region = region
        self.keys: list[str] = []  # in the order of their UTF-8 bytes, as S3 lists
        self.versions: dict[str, list[Version]] = {}  # oldest first
        self.changes = 0

    def current(self, key: str) -> Version | None:
        """The newest version, which may be a delete marker."""
        versions = self.versions.get(key)
        return versions[-1] if versions else None

    def find(self, key: str, version_id: str) -> Version | None:
        """One version."""
        return next((each for each in self.versions.get(key, ()) if each.version_id == version_id), None)

    def add(self, version: Version) -> None:
        """A new version, in its place among the others."""
        versions = self.versions.get(version.key)
        if versions is None:
            insort(self.keys, version.key, key=_order)
            versions = self.versions[version.key] = []
        insort(versions, version, key=lambda each: each.number)

    def all_versions(self) -> Iterator[Version]:
        """Every version and marker."""
        for versions in self.versions.values():
            yield from versions


def _order(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")


class Store:
    """All buckets. ``changed`` is called for every change; ``take_over`` hands new things to replication."""

    def __init__(self, timeline: Timeline, faults: Faults) -> None:
        self.timeline = timeline
        self.faults = faults
        self.buckets: dict[str, Bucket] = {}
        self.watchers: list[Callable[[Change], None]] = []
        self._numbers = count(1)

    def create(self, name: str, region: str) -> Bucket:
        """A new bucket."""
        bucket = self.buckets[name] = Bucket(name, region)
        return bucket

    def put(
        self, bucket: Bucket, key: str, body: bytes, metadata: Mapping[str, str], tags: Mapping[str, str]
    ) -> Version:
        """Write an object."""
        number = next(self._numbers)
        crc = base64.b64encode(checksums.crc64nvme(body).to_bytes(8, "big")).decode()
        version = Version(
            key=key,
            version_id=f"v{number:08d}",
            number=number,
            body=body,
            modified=self.timeline.now.replace(microsecond=0),
            etag=f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
            crc64nvme=crc,
            metadata=dict(metadata),
            tags=dict(tags),
        )
        bucket.add(version)
        self.tell(Change(bucket.name, version, "new", {}, self.faults.invocation))
        return version

    def mark_deleted(self, bucket: Bucket, key: str) -> Version:
        """Put a delete marker on an object."""
        number = next(self._numbers)
        marker = Version(key, f"v{number:08d}", number, b"", self.timeline.now.replace(microsecond=0), is_marker=True)
        bucket.add(marker)
        self.tell(Change(bucket.name, marker, "marker", {}, self.faults.invocation))
        return marker

    def remove(self, bucket: Bucket, version: Version) -> None:
        """Delete a version for good."""
        bucket.versions[version.key].remove(version)
        if not bucket.versions[version.key]:
            del bucket.versions[version.key]
            bucket.keys.remove(version.key)
        self.tell(Change(bucket.name, version, "deleted", version.tags, self.faults.invocation))

    def set_tags(self, bucket: Bucket, version: Version, tags: Mapping[str, str]) -> None:
        """Replace the tag set."""
        before, version.tags = version.tags, dict(tags)
        self.tell(Change(bucket.name, version, "tags", before, self.faults.invocation))

    def tell(self, change: Change) -> None:
        """Let everybody know who watches."""
        self.buckets[change.bucket].changes += 1
        for watcher in self.watchers:
            watcher(change)


class Body(io.BytesIO):
    """The body of an answer (botocore's StreamingBody)."""

    def iter_chunks(self, chunk_size: int = 1024) -> Iterator[bytes]:
        """The body, piece by piece."""
        while piece := self.read(chunk_size):
            yield piece

    def iter_lines(self, chunk_size: int = 1024) -> Iterator[bytes]:
        """The body, line by line."""
        del chunk_size
        for line in self:
            yield line.rstrip(b"\r\n")


class S3:
    """A client. Operations raise what boto3 raises after its own retries."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get_object(self, *, Bucket: str, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        """Read a version."""
        bucket, done = self._begin("GetObject", Bucket)
        version = self._object("GetObject", bucket, Key, VersionId)
        done()
        return self._head(version) | {"Body": Body(version.body)}

    def head_object(
        self, *, Bucket: str, Key: str, VersionId: str | None = None, ChecksumMode: str | None = None
    ) -> dict[str, Any]:
        """Metadata of a version. The answer has no body, so errors have only their number as code."""
        bucket, done = self._begin("HeadObject", Bucket)
        version = self._object("HeadObject", bucket, Key, VersionId, bare=True)
        done()
        found = self._head(version)
        if ChecksumMode == "ENABLED":
            found |= {"ChecksumCRC64NVME": version.crc64nvme, "ChecksumType": "FULL_OBJECT"}
        return found

    def get_object_attributes(
        self, *, Bucket: str, Key: str, ObjectAttributes: list[str], VersionId: str | None = None
    ) -> dict[str, Any]:
        """Size and checksum of a version."""
        bucket, done = self._begin("GetObjectAttributes", Bucket)
        version = self._object("GetObjectAttributes", bucket, Key, VersionId)
        done()
        found = {
            "ObjectSize": len(version.body),
            "ETag": version.etag.strip('"'),
            "StorageClass": version.storage_class,
            "Checksum": {"ChecksumCRC64NVME": version.crc64nvme, "ChecksumType": "FULL_OBJECT"},
        }
        return {name: found[name] for name in ObjectAttributes if name in found} | {"VersionId": version.version_id}

    def put_object(
        self,
        *,
        Bucket: str,
        Key: str,
        Body: bytes | IO[bytes],
        ContentType: str = "",
        IfMatch: str | None = None,
        IfNoneMatch: str | None = None,
        Metadata: Mapping[str, str] | None = None,
        ChecksumAlgorithm: str | None = None,
    ) -> dict[str, Any]:
        """Write an object, if the condition holds."""
        del ContentType, ChecksumAlgorithm
        bucket, done = self._begin("PutObject", Bucket)
        current = bucket.current(Key)
        present = None if current is None or current.is_marker else current
        if IfNoneMatch is not None and present is not None:
            raise client_error("PutObject", "PreconditionFailed", 412)
        if IfMatch is not None and present is None:
            raise client_error("PutObject", "NoSuchKey", 404)
        if IfMatch is not None and present is not None and IfMatch.strip('"') != present.etag.strip('"'):
            raise client_error("PutObject", "PreconditionFailed", 412)
        content = Body if isinstance(Body, bytes) else Body.read()
        version = self._store.put(bucket, Key, content, Metadata or {}, {})
        done()
        return {"ETag": version.etag, "VersionId": version.version_id}

    def get_object_tagging(self, *, Bucket: str, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        """The tags of a version."""
        bucket, done = self._begin("GetObjectTagging", Bucket)
        version = self._object("GetObjectTagging", bucket, Key, VersionId, marker_code="MethodNotAllowed")
        invocation = self._store.faults.invocation
        if invocation is not None:
            invocation.seen[f"tags {Bucket} {version.version_id}"] = dict(version.tags)
        done()
        tags = [{"Key": name, "Value": value} for name, value in version.tags.items()]
        return {"VersionId": version.version_id, "TagSet": tags}

    def put_object_tagging(
        self, *, Bucket: str, Key: str, Tagging: Mapping[str, Any], VersionId: str | None = None
    ) -> dict[str, Any]:
        """Replace the tags of a version."""
        bucket, done = self._begin("PutObjectTagging", Bucket)
        version = self._object("PutObjectTagging", bucket, Key, VersionId, marker_code="MethodNotAllowed")
        tags = {each["Key"]: each["Value"] for each in Tagging["TagSet"]}
        if len(tags) != len(Tagging["TagSet"]):
            raise client_error("PutObjectTagging", "InvalidTag", 400, "Cannot provide multiple Tags with the same key")
        if len(tags) > TAG_LIMIT:
            raise client_error("PutObjectTagging", "BadRequest", 400, "Object tags cannot be greater than 10")
        if any(not 0 < len(name) <= 128 or len(value) > 256 for name, value in tags.items()):
            raise client_error("PutObjectTagging", "InvalidTag", 400, "The TagKey or TagValue is too long")
        self._store.set_tags(bucket, version, tags)
        done()
        return {"VersionId": version.version_id}

    def list_objects_v2(
        self,
        *,
        Bucket: str,
        Prefix: str = "",
        StartAfter: str = "",
        ContinuationToken: str = "",
        MaxKeys: int = PAGE,
        Delimiter: str = "",
    ) -> dict[str, Any]:
        """A page of current objects."""
        if Delimiter:
            raise NotImplementedError("list_objects_v2 with Delimiter")
        bucket, done = self._begin("ListObjectsV2", Bucket)
        contents: list[dict[str, Any]] = []
        after = max(StartAfter, ContinuationToken, key=_order)
        more = False
        for key in self._keys_after(bucket, Prefix, after):
            version = bucket.versions[key][-1]
            if version.is_marker:
                continue
            if len(contents) == MaxKeys:
                more = True
                break
            contents.append(
                {
                    "Key": key,
                    "Size": len(version.body),
                    "ETag": version.etag,
                    "LastModified": version.modified,
                    "StorageClass": version.storage_class,
                }
            )
        done()
        page: dict[str, Any] = {"IsTruncated": more, "KeyCount": len(contents), "Prefix": Prefix}
        if contents:
            page["Contents"] = contents
        if more:
            page["NextContinuationToken"] = contents[-1]["Key"]
        return page

    def list_object_versions(
        self,
        *,
        Bucket: str,
        Prefix: str = "",
        KeyMarker: str = "",
        VersionIdMarker: str = "",
        MaxKeys: int = PAGE,
    ) -> dict[str, Any]:
        """A page of versions and delete markers, newest first within a key."""
        bucket, done = self._begin("ListObjectVersions", Bucket)
        versions: list[dict[str, Any]] = []
        markers: list[dict[str, Any]] = []
        last: Version | None = None
        more = False
        for version in self._versions_after(bucket, Prefix, KeyMarker, VersionIdMarker):
            if len(versions) + len(markers) == MaxKeys:
                more = True
                break
            last = version
            shown: dict[str, Any] = {
                "Key": version.key,
                "VersionId": version.version_id,
                "IsLatest": bucket.versions[version.key][-1] is version,
                "LastModified": version.modified,
            }
            if version.is_marker:
                markers.append(shown)
            else:
                versions.append(
                    shown | {"Size": len(version.body), "ETag": version.etag, "StorageClass": version.storage_class}
                )
        done()
        page: dict[str, Any] = {"IsTruncated": more, "Prefix": Prefix}
        if versions:
            page["Versions"] = versions
        if markers:
            page["DeleteMarkers"] = markers
        if more and last is not None:
            page |= {"NextKeyMarker": last.key, "NextVersionIdMarker": last.version_id}
        return page

    def get_paginator(self, operation: str) -> Paginator:
        """Pages of a listing."""
        if operation == "list_objects_v2":
            return Paginator(self.list_objects_v2, {"NextContinuationToken": "ContinuationToken"})
        if operation == "list_object_versions":
            names = {"NextKeyMarker": "KeyMarker", "NextVersionIdMarker": "VersionIdMarker"}
            return Paginator(self.list_object_versions, names)
        raise NotImplementedError(f"the paginator {operation}")

    def _begin(self, operation: str, name: str) -> tuple[Bucket, Callable[[], None]]:
        bucket = self._store.buckets.get(name)
        region = bucket.region if bucket else "ap-south-1"
        done = self._store.faults.before("s3", region, operation)
        if bucket is None:
            raise client_error(operation, "NoSuchBucket", 404)
        return bucket, done

    def _object(
        self,
        operation: str,
        bucket: Bucket,
        key: str,
        version_id: str | None,
        bare: bool = False,
        marker_code: str = "NoSuchKey",
    ) -> Version:
        version = bucket.current(key) if version_id is None else bucket.find(key, version_id)
        if version is None:
            code = "NoSuchKey" if version_id is None else "NoSuchVersion"
            raise client_error(operation, "404" if bare else code, 404, "Not Found")
        if version.is_marker:
            if version_id is not None or marker_code == "MethodNotAllowed":
                raise client_error(operation, "405" if bare else "MethodNotAllowed", 405, "Method Not Allowed")
            raise client_error(operation, "404" if bare else "NoSuchKey", 404, "Not Found")
        return version

    @staticmethod
    def _head(version: Version) -> dict[str, Any]:
        found: dict[str, Any] = {
            "ContentLength": len(version.body),
            "ETag": version.etag,
            "LastModified": version.modified,
            "Metadata": dict(version.metadata),
            "VersionId": version.version_id,
            "TagCount": len(version.tags),
        }
        if version.storage_class != "STANDARD":
            found["StorageClass"] = version.storage_class
        if version.replication is not None:
            found["ReplicationStatus"] = version.replication
        return found

    @staticmethod
    def _keys_after(bucket: Bucket, prefix: str, after: str) -> Iterator[str]:
        keys = bucket.keys
        begin = bisect_left(keys, _order(prefix), key=_order)
        if after:
            begin = max(begin, bisect_right(keys, _order(after), key=_order))
        for index in range(begin, len(keys)):
            if not keys[index].startswith(prefix):
                return
            yield keys[index]

    def _versions_after(self, bucket: Bucket, prefix: str, key: str, version_id: str) -> Iterator[Version]:
        if key and version_id:
            older = list(bucket.versions.get(key, ()))
            position = next((i for i, each in enumerate(older) if each.version_id == version_id), None)
            yield from reversed(older[:position] if position is not None else [])
        for each in self._keys_after(bucket, prefix, key):
            yield from reversed(bucket.versions[each])


class Paginator:
    """Calls an operation page by page, as botocore's paginators do."""

    def __init__(self, operation: Callable[..., dict[str, Any]], names: Mapping[str, str]) -> None:
        self._operation = operation
        self._names = names

    def paginate(self, PaginationConfig: Mapping[str, Any] | None = None, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Every page. ``PaginationConfig`` is what botocore takes: PageSize and StartingToken are refused here."""
        if PaginationConfig and set(PaginationConfig) - {"PageSize"}:
            raise NotImplementedError(f"pagination with {PaginationConfig}")
        while True:
            page = self._operation(**arguments)
            yield page
            if not any(name in page for name in self._names):
                return
            arguments = arguments | {theirs: page[name] for name, theirs in self._names.items() if name in page}
