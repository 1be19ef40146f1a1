"""The tags of an object, as a dictionary."""

from __future__ import annotations

from typing import Any


def tags_of(s3: Any, bucket: str, key: str) -> dict[str, str]:
    """The tags of the current version; boto3's ClientError where there is none."""
    return {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]}
