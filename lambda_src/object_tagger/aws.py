"""The calls object_tagger makes beside those of common/lake.py: task reports, the execution."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

from object_tagger.report import is_part

if TYPE_CHECKING:
    from mypy_boto3_datasync import DataSyncClient
    from mypy_boto3_s3 import S3Client

# A part of a report has at most 5 MB by AWS's word; a longer one goes to Lambda's /tmp.
MEMORY_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Parts:
    """The parts of an execution's report: the list of transferred and that of verified files."""

    transferred: list[str]
    verified: list[str]


class Reports:
    """The task reports in the reports bucket."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def parts(self, folder: str, execution_id: str) -> Parts:
        """The keys of the parts, in order."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=folder)
        keys = sorted(each["Key"] for page in pages for each in page.get("Contents", []))
        return Parts(
            transferred=[key for key in keys if is_part(key, execution_id, "transferred")],
            verified=[key for key in keys if is_part(key, execution_id, "verified")],
        )

    @contextmanager
    def open(self, key: str) -> Iterator[IO[bytes]]:
        """The content of a part. It is fetched in one go, to a file if it is long: tagging what one part lists takes
        minutes, and S3 does not keep a connection open that is read so slowly."""
        with SpooledTemporaryFile(max_size=MEMORY_BYTES) as copy:
            for chunk in self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].iter_chunks(chunk_size=1024 * 1024):
                copy.write(chunk)
            copy.seek(0)
            yield copy


@dataclass(frozen=True)
class ExecutionFacts:
    """What DataSync says of an execution. ``report_status`` is PENDING, SUCCESS, ERROR, or "" where it is silent."""

    files_transferred: int
    report_status: str
    report_error: str
    started_at: datetime | None


class Executions:
    """Executions of the transfers."""

    def __init__(self, datasync: DataSyncClient) -> None:
        self._datasync = datasync

    def describe(self, arn: str) -> ExecutionFacts:
        """The counts and the state of the task report."""
        found = self._datasync.describe_task_execution(TaskExecutionArn=arn)
        report = found.get("ReportResult", {})
        return ExecutionFacts(
            files_transferred=found.get("FilesTransferred", 0),
            report_status=report.get("Status", ""),
            started_at=found.get("StartTime"),
            report_error=" ".join(filter(None, (report.get("ErrorCode", ""), report.get("ErrorDetail", "")))),
        )
