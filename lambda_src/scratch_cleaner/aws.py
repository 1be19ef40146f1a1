"""The calls scratch_cleaner makes to S3 beside those of common/."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from common.failures import code_of
from common.lake import LakeTags
from scratch_cleaner.domain import Copy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# S3's answer for the tags of a delete marker is that the method is not allowed.
_MISSING = frozenset({"404", "MethodNotAllowed", "NoSuchKey"})


class Copies:
    """Objects of the data lake as the copies of files."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._tags = LakeTags(s3, bucket)

    def find(self, key: str) -> Copy | None:
        """The current version with its checksum and tags; ``None`` if there is none.

        The tags come first: of a version without a class the lake shows nobody anything else (modules/data-lake), and
        AWS does not document whether a key without an object counts as one without a class.

        S3 keeps a CRC64NVME of the whole object for what is uploaded without a checksum, in parts or not
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html).

        Raises:
            ClientError, BotoCoreError: S3 does not say.
        """
        try:
            tags, version_id = self._tags.read_tags(key, None)
            if "data_class" not in tags:
                return Copy(version_id or "", size=0, checksum="", replication="", tags=tags)
            found = self._s3.head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if code_of(error) in _MISSING:
                return None
            raise
        whole = found.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT"
        return Copy(
            version_id=found["VersionId"],
            size=found["ContentLength"],
            checksum=found.get("ChecksumCRC64NVME", "") if whole else "",
            replication=found.get("ReplicationStatus", ""),
            tags=tags if found["VersionId"] == version_id else {},
        )
