"""Writing the destination: objects in a bucket, with what POSIX knows of a file as user metadata.

A folder is an empty object whose key ends with `/`, a symbolic link an object that holds its target,
https://docs.aws.amazon.com/datasync/latest/userguide/metadata-copied.html. The names and values of the metadata are
those AWS shares between DataSync, file gateways and FSx,
https://docs.aws.amazon.com/fsx/latest/LustreGuide/posix-metadata-support.html.

An object appears whole or not at all: small ones in one call, large ones in parts that are dropped when anything goes
wrong.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from kosha_localcloud.services.datasync.source import DIRECTORY, Entry
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document

PART_BYTES = 8 * 1024 * 1024
PARTS_LIMIT = 9_000
READ_BYTES = 1024 * 1024
# S3 tells the time of an object to the second: a younger one could be replaced by one that looks the same in a listing.
SETTLED = timedelta(seconds=2)


@dataclass(frozen=True)
class Written:
    """What was written: the bytes' SHA-256 in hexadecimal, their number, and the version if there are versions."""

    sha256: str
    size: int
    version_id: str | None


@dataclass(frozen=True)
class Listed:
    """What a listing tells of an object: enough to see whether it is still the one that was looked at before."""

    etag: str
    modified: datetime


@dataclass(frozen=True)
class Existing:
    """An object that is there."""

    size: int
    metadata: dict[str, str]
    version_id: str | None

    @property
    def mtime_ns(self) -> int | None:
        """The modification time in nanoseconds that DataSync stored with it, if it did."""
        stored = self.metadata.get("file-mtime", "").removesuffix("ns")
        return int(stored) if stored.isdigit() else None


def metadata_of(entry: Entry, options: Document) -> dict[str, str]:
    """Write an entry's POSIX metadata as S3 user metadata, leaving out what the options do not keep."""
    metadata = {"user-agent": "aws-datasync"}
    if options["Mtime"] == "PRESERVE":
        metadata["file-mtime"] = f"{entry.mtime_ns}ns"
    if options["Atime"] == "BEST_EFFORT":
        metadata["file-atime"] = f"{entry.atime_ns}ns"
    if options["Uid"] != "NONE":
        metadata["file-owner"] = str(entry.uid)
    if options["Gid"] != "NONE":
        metadata["file-group"] = str(entry.gid)
    if options["PosixPermissions"] == "PRESERVE":
        metadata["file-permissions"] = f"{entry.mode:04o}"
    return metadata


# An access time changes whenever anybody reads the file: it is kept, but it is no reason to copy.
COMPARED = ("file-owner", "file-group", "file-permissions")


type Looks = dict[str, tuple[Listed, Existing]]


class Destination:
    """A prefix of a bucket.

    `looks` are what earlier executions of the task saw, by key; this one's take their place.
    """

    def __init__(self, s3: Any, bucket: str, prefix: str, storage_class: str, looks: Looks) -> None:
        self._s3 = s3
        self.bucket = bucket
        self.prefix = prefix
        self._storage_class = storage_class
        self._looks = looks

    def key(self, entry_path: str, kind: str) -> str:
        """Give the key of an entry."""
        return self.prefix + entry_path.removeprefix("/") + ("/" if kind == DIRECTORY else "")

    def check(self) -> None:
        """Raise botocore's ClientError when the bucket cannot be reached."""
        self._s3.head_bucket(Bucket=self.bucket)

    def list_objects(self) -> dict[str, Listed]:
        """List what is below the prefix, by key, and forget the looks at what is there no more or has changed."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        listed = {
            found["Key"]: Listed(found["ETag"], found["LastModified"])
            for page in pages
            for found in page.get("Contents", [])
        }
        for key in [key for key, (then, _) in self._looks.items() if listed.get(key) != then]:
            del self._looks[key]
        return listed

    def find(self, key: str, listed: Mapping[str, Listed]) -> Existing | None:
        """Look at an object of the listing, unless an earlier look at it still holds."""
        if key not in listed:
            return None
        if key in self._looks:
            return self._looks[key][1]
        try:
            head = self._s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        existing = Existing(head["ContentLength"], head["Metadata"], head.get("VersionId"))
        if now() - listed[key].modified >= SETTLED:
            self._looks[key] = listed[key], existing
        return existing

    def delete(self, key: str) -> None:
        """Delete an object (in a versioned bucket: put a delete marker on it)."""
        self._s3.delete_object(Bucket=self.bucket, Key=key)

    def write_bytes(self, key: str, body: bytes, metadata: dict[str, str]) -> Written:
        """Write a small object in one call."""
        answer = self._s3.put_object(
            Bucket=self.bucket, Key=key, Body=body, Metadata=metadata, StorageClass=self._storage_class
        )
        return Written(hashlib.sha256(body).hexdigest(), len(body), answer.get("VersionId"))

    def write_stream(
        self, key: str, stream: BinaryIO, expected: int, metadata: dict[str, str], pace: Callable[[bytes], bytes]
    ) -> Written:
        """Write an object from a stream, holding at most one part in memory.

        `pace` sees each piece on its way; it may wait, change the piece, or raise to stop. After any error nothing of
        the object is left.
        """
        part_bytes = max(PART_BYTES, -(-expected // PARTS_LIMIT))
        digest = hashlib.sha256()
        part = _read_part(stream, part_bytes, digest, pace)
        if len(part) < part_bytes:
            answer = self._s3.put_object(
                Bucket=self.bucket, Key=key, Body=part, Metadata=metadata, StorageClass=self._storage_class
            )
            return Written(digest.hexdigest(), len(part), answer.get("VersionId"))
        upload = self._s3.create_multipart_upload(
            Bucket=self.bucket, Key=key, Metadata=metadata, StorageClass=self._storage_class
        )
        names = {"Bucket": self.bucket, "Key": key, "UploadId": upload["UploadId"]}
        try:
            parts: list[Document] = []
            size = 0
            while part:
                number = len(parts) + 1
                etag = self._s3.upload_part(**names, PartNumber=number, Body=part)["ETag"]
                parts.append({"PartNumber": number, "ETag": etag})
                size += len(part)
                part = _read_part(stream, part_bytes, digest, pace)
            answer = self._s3.complete_multipart_upload(**names, MultipartUpload={"Parts": parts})
        except BaseException:
            self._s3.abort_multipart_upload(**names)
            raise
        return Written(digest.hexdigest(), size, answer.get("VersionId"))

    def replace_metadata(self, key: str, metadata: dict[str, str]) -> str | None:
        """Give an object new metadata (where versions are kept: as a new one), keeping its tags. Gives the version."""
        answer = self._s3.copy_object(
            Bucket=self.bucket,
            Key=key,
            CopySource={"Bucket": self.bucket, "Key": key},
            Metadata=metadata,
            MetadataDirective="REPLACE",
            StorageClass=self._storage_class,
        )
        version: str | None = answer.get("VersionId")
        return version

    def read_back(self, key: str, version_id: str | None) -> tuple[str, int, dict[str, str]]:
        """Read an object again: its SHA-256 in hexadecimal, size in bytes and metadata."""
        version = {"VersionId": version_id} if version_id else {}
        answer = self._s3.get_object(Bucket=self.bucket, Key=key, **version)
        digest = hashlib.sha256()
        size = 0
        for piece in answer["Body"].iter_chunks(READ_BYTES):
            digest.update(piece)
            size += len(piece)
        return digest.hexdigest(), size, answer["Metadata"]


def _read_part(stream: BinaryIO, part_bytes: int, digest: "hashlib._Hash", pace: Callable[[bytes], bytes]) -> bytes:
    pieces: list[bytes] = []
    missing = part_bytes
    while missing and (piece := stream.read(min(READ_BYTES, missing))):
        # The checksum is that of the source's bytes: what `pace` does to them is for the verification to find.
        digest.update(piece)
        pieces.append(pace(piece))
        missing -= len(piece)
    return b"".join(pieces)
