"""What a function remembers between runs: one small JSON document per name, in the reports bucket.

Documents lie at ``automation-state/<function>/<name>.json``. Every write is conditional on what was read
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html), so two runs at once cannot undo each
other: the later one gets :class:`StateConflict` and nothing is written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from common.failures import code_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "automation-state"
_CONFLICT = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "409", "412"})
_MISSING = frozenset({"NoSuchKey", "404"})


class StateConflict(RuntimeError):
    """Another run has written the document since it was read; look again, then decide again."""


class StateUnreadable(RuntimeError):
    """The document is not JSON: somebody else wrote it. Nothing is overwritten; the message names the object."""


@dataclass(frozen=True)
class Remembered:
    """A document and the version of it that was read; ``etag`` is ``None`` where there is none yet."""

    document: dict[str, Any]
    etag: str | None


class Store(Protocol):
    """Documents of one function, as :class:`StateStore` keeps them."""

    def read(self, name: str) -> Remembered: ...
    def write(self, name: str, document: dict[str, Any], etag: str | None) -> str: ...


class StateStore:
    """The documents of one function."""

    def __init__(self, s3: S3Client, bucket: str, function: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._function = function

    def key(self, name: str) -> str:
        """Where the document ``name`` lies."""
        return f"{PREFIX}/{self._function}/{name}.json"

    def read(self, name: str) -> Remembered:
        """The document, or an empty one where none was written yet.

        Raises:
            StateUnreadable: what lies there is no JSON object.
            ClientError, BotoCoreError: S3 could not be asked.
        """
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=self.key(name))
        except ClientError as error:
            if code_of(error) in _MISSING:
                return Remembered({}, None)
            raise
        try:
            document = json.loads(found["Body"].read())
        except ValueError as error:
            raise StateUnreadable(f"s3://{self._bucket}/{self.key(name)} is not JSON: {error}") from error
        if not isinstance(document, dict):
            raise StateUnreadable(f"s3://{self._bucket}/{self.key(name)} holds no JSON object")
        return Remembered(document, found["ETag"])

    def write(self, name: str, document: dict[str, Any], etag: str | None) -> str:
        """Replace the version ``etag`` of the document, or make it where ``etag`` is ``None``; the new ETag.

        Raises:
            StateConflict: the document is not the version that was read.
            ClientError, BotoCoreError: S3 could not be asked.
        """
        body = json.dumps(document, ensure_ascii=False, sort_keys=True).encode()
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        try:
            written = self._s3.put_object(
                Bucket=self._bucket, Key=self.key(name), Body=body, ContentType="application/json", **condition
            )
        except ClientError as error:
            if code_of(error) in _CONFLICT:
                raise StateConflict(f"s3://{self._bucket}/{self.key(name)} was written by another run") from error
            raise
        return written["ETag"]
