"""Where clinical records go: a patient's into one object of the data lake, with its tags in the same request.

An object that is tagged afterwards is for a moment one of no class. What cannot be taken is kept in a folder that only
its owner can read.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import yaml
from botocore.exceptions import ClientError

from pipelines.ingest.problems import IngestError
from pipelines.naming import CATALOG, SampleName, catalogue
from pipelines.sequencing.run import write_atomically

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DATA_CLASS = "clinical_record"
_ATTEMPTS = 5


class Consent(StrEnum):
    """What a patient has said of the use of their data. Nothing of the withdrawn is stored."""

    GIVEN = "given"
    NONE = "none"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Lake:
    """The data lake as far as one project and site of it are concerned.

    ``kms_key`` is a key's ARN; without it the bucket's default encrypts, which is a key of the platform's as well.
    """

    s3: S3Client
    bucket: str
    project: str
    site: str
    kms_key: str = ""

    def key(self, pseudonym: str) -> str:
        return catalogue().key(DATA_CLASS, SampleName(self.project, self.site, pseudonym), "fhir", "ndjson")

    def store(self, pseudonym: str, resources: Iterable[Mapping[str, Any]], consent: Consent) -> bool:
        """Add the resources to a patient's object; one with the same type and id is replaced. Returns whether it wrote.

        Of two writers at once the second sees that the object has changed (a conditional write,
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html) and adds to the new one.

        Raises:
            IngestError: S3 refuses, or the object changes again and again.
        """
        added = list(resources)
        key, tags = self.key(pseudonym), self._tags(consent)
        for _ in range(_ATTEMPTS):
            etag, known, digest = self._read(key)
            records = {_identity(each): each for each in (*known, *added)}
            content = "".join(f"{json.dumps(records[name], sort_keys=True)}\n" for name in sorted(records)).encode()
            found = hashlib.sha256(content + tags.encode()).hexdigest()
            if found == digest:
                return False
            if self._write(key, content, tags, found, etag):
                return True
        raise IngestError(f"{key}: others write to it all the time; try again later")

    def store_once(self, pseudonym: str, part: str, extension: str, text: str, consent: Consent) -> bool:
        """Store an object that never changes; returns False when it is there already.

        Raises:
            IngestError: S3 refuses.
        """
        key = catalogue().key(DATA_CLASS, SampleName(self.project, self.site, pseudonym), part, extension)
        content = text.encode("utf-8")
        digest, tags = hashlib.sha256(content).hexdigest(), self._tags(consent)
        for _ in range(_ATTEMPTS):
            if self._write(key, content, tags, digest, "", "text/plain"):
                return True
            if self._is_there(key):
                return False
        raise IngestError(f"{key}: others write to it all the time; try again later")

    def _is_there(self, key: str) -> bool:
        try:
            self.s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if _code(error) in ("NoSuchKey", "404"):
                return False
            raise IngestError(f"s3://{self.bucket}/{key}: {_code(error)}") from None
        return True

    def _tags(self, consent: Consent) -> str:
        entry = yaml.safe_load(CATALOG.read_text(encoding="utf-8"))["classes"][DATA_CLASS]
        own = {
            "data_class": DATA_CLASS,
            "sensitivity": entry["sensitivity"],
            "project": self.project,
            "site": self.site,
        }
        return urlencode(own | {"consent": consent.value})

    def _read(self, key: str) -> tuple[str, list[dict[str, Any]], str]:
        """(ETag, resources, digest of the last time) of a patient's object; all empty when there is none."""
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if _code(error) in ("NoSuchKey", "404") or (_code(error) == "AccessDenied" and not self._is_listed(key)):
                return "", [], ""
            raise IngestError(f"s3://{self.bucket}/{key}: {_code(error)}") from None
        lines = answer["Body"].read().decode("utf-8").splitlines()
        return answer["ETag"], [json.loads(line) for line in lines], answer["Metadata"].get("digest", "")

    def _is_listed(self, key: str) -> bool:
        """Whether an object is there, for those who may list below a prefix only: to them absence is a refusal.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        try:
            answer = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1)
        except ClientError as error:
            raise IngestError(f"s3://{self.bucket}/{key}: {_code(error)}") from None
        return any(each.get("Key") == key for each in answer.get("Contents", []))

    def _write(
        self, key: str, content: bytes, tags: str, digest: str, etag: str, kind: str = "application/fhir+ndjson"
    ) -> bool:
        """Write unless the object has changed since (or is there, without an ETag); returns whether it did."""
        options: dict[str, Any] = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        if self.kms_key:
            options |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key}
        try:
            self.s3.put_object(
                Bucket=self.bucket, Key=key, Body=content, Tagging=tags, Metadata={"digest": digest},
                ContentType=kind, ChecksumAlgorithm="CRC64NVME", **options,
            )  # fmt: skip
        except ClientError as error:
            if _code(error) in ("PreconditionFailed", "ConditionalRequestConflict", "412", "409"):
                return False
            raise IngestError(f"s3://{self.bucket}/{key}: {_code(error)}") from None
        return True


def _identity(resource: Mapping[str, Any]) -> tuple[str, str]:
    return str(resource["resourceType"]), str(resource["id"])


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) or str(error)


@dataclass(frozen=True)
class Quarantine:
    """Records that were refused, as they came, each with its reasons; for the owner of the folder alone."""

    folder: Path

    def keep(self, record: Mapping[str, Any], reasons: list[str]) -> Path:
        """Keep a record; the same record is kept once."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        text = json.dumps(record, sort_keys=True, ensure_ascii=False)
        path = self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.json"
        mask = os.umask(0o077)
        try:
            write_atomically(
                path, json.dumps({"reasons": reasons, "record": record}, indent=2, ensure_ascii=False) + "\n"
            )
        finally:
            os.umask(mask)
        return path
