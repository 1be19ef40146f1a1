"""The call transfer_notifier makes to DataSync."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transfer_notifier.domain import Facts

if TYPE_CHECKING:
    from mypy_boto3_datasync import DataSyncClient


class Executions:
    """Executions of the transfers."""

    def __init__(self, datasync: DataSyncClient) -> None:
        self._datasync = datasync

    def describe(self, arn: str) -> Facts:
        """Counts, bytes, duration and errors of one execution."""
        found = self._datasync.describe_task_execution(TaskExecutionArn=arn)
        result = found.get("Result", {})
        failed = found.get("FilesFailed", {})
        return Facts(
            files_estimated=found.get("EstimatedFilesToTransfer", 0),
            files_transferred=found.get("FilesTransferred", 0),
            files_skipped=found.get("FilesSkipped", 0),
            files_verified=found.get("FilesVerified", 0),
            files_failed=failed.get("Prepare", 0) + failed.get("Transfer", 0) + failed.get("Verify", 0),
            bytes_transferred=found.get("BytesTransferred", 0),
            bytes_written=found.get("BytesWritten", 0),
            duration_ms=result.get("TotalDuration", 0),
            verify_status=result.get("VerifyStatus", ""),
            error_code=result.get("ErrorCode", ""),
            error_detail=result.get("ErrorDetail", ""),
        )
