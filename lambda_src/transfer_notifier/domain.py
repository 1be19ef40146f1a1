"""Decides how a transfer that has ended is to be reported. Pure: facts in, ending out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ending(StrEnum):
    """How a transfer ended; the value is the kind of notice."""

    SUCCEEDED = "transfer.succeeded"
    PARTIAL = "transfer.partial"
    FAILED = "transfer.failed"


@dataclass(frozen=True)
class Facts:
    """What DataSync says of an execution. Files include folders in Basic mode; the duration is in milliseconds.

    ``files_skipped`` is for information only: a file that has not changed since the last transfer is skipped too
    (https://docs.aws.amazon.com/datasync/latest/userguide/task-reports.html).
    """

    files_estimated: int = 0
    files_transferred: int = 0
    files_skipped: int = 0
    files_verified: int = 0
    files_failed: int = 0
    bytes_transferred: int = 0
    bytes_written: int = 0
    duration_ms: int = 0
    verify_status: str = ""
    error_code: str = ""
    error_detail: str = ""

    @property
    def files_left_behind(self) -> int:
        """Files that were to be transferred and were not.

        In Basic mode, the one that EFS needs, DataSync has no count of failed files; it says that what it fails to
        transfer is missing from the count of transferred files
        (https://docs.aws.amazon.com/datasync/latest/userguide/API_DescribeTaskExecution.html).
        """
        return max(self.files_failed, self.files_estimated - self.files_transferred, 0)

    @property
    def is_flawed(self) -> bool:
        """Whether a success is less than whole."""
        return bool(self.files_left_behind or self.error_code or self.verify_status == "ERROR")


def judge(state: str, facts: Facts | None) -> Ending:
    """How the execution that came to ``state`` (SUCCESS or ERROR) ended; ``facts`` are ``None`` if unknown."""
    if state != "SUCCESS":
        return Ending.FAILED
    return Ending.PARTIAL if facts is not None and facts.is_flawed else Ending.SUCCEEDED
