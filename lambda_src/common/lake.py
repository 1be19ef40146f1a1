"""The tags of the data lake's objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class LakeTags:
    """Reads and replaces tags. Keys go to S3 as they are: boto3 encodes them once, nobody else does."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def read_tags(self, key: str, version_id: str | None) -> tuple[dict[str, str], str | None]:
        """The tags, and the version they belong to: the one asked for, else the current one."""
        if version_id is None:
            found = self._s3.get_object_tagging(Bucket=self._bucket, Key=key)
        else:
            found = self._s3.get_object_tagging(Bucket=self._bucket, Key=key, VersionId=version_id)
        return {each["Key"]: each["Value"] for each in found["TagSet"]}, found.get("VersionId", version_id)

    def write_tags(self, key: str, version_id: str, tags: Mapping[str, str]) -> None:
        """Replace the whole tag set of that version."""
        tagging = {"TagSet": [{"Key": name, "Value": value} for name, value in sorted(tags.items())]}
        self._s3.put_object_tagging(
            Bucket=self._bucket,
            Key=key,
            VersionId=version_id,
            Tagging=tagging,  # type: ignore[arg-type]
        )
