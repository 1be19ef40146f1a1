"""Reports for people that are too long for a notice: objects in the reports bucket, named by function and moment."""

from __future__ import annotations

from datetime import datetime
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "automation-reports"


class ReportStore:
    """The reports of one function, at ``automation-reports/<function>/<year>/<month>/<day>/<name>``."""

    def __init__(self, s3: S3Client, bucket: str, function: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._function = function

    def write(self, moment: datetime, name: str, body: bytes | IO[bytes], content_type: str) -> str:
        """Write a report and return its address, ``s3://<bucket>/<key>``.

        Raises:
            ClientError, BotoCoreError: S3 did not take it.
        """
        key = f"{PREFIX}/{self._function}/{moment:%Y/%m/%d}/{name}"
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=content_type)
        return f"s3://{self._bucket}/{key}"
