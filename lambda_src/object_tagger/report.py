"""Reads DataSync task reports: which files an execution copied, and to which version of each object.

Shape of a detailed report of transferred files in Basic mode
(https://docs.aws.amazon.com/datasync/latest/userguide/task-reports.html)::

    {"TaskExecutionId": "exec-...",
     "Transferred": [{"RelativePath": "/raw-sequences/p/rs_p_s_S1.fastq.gz",
                      "SrcMetadata": {"Type": "Regular", ...},
                      "DstS3VersionId": "...",        # if the task reports object versions
                      "TransferStatus": "SUCCESS"}]}  # else FAILED with FailureReason

and of files whose copy failed the verification, where the task reports them::

    {"TaskExecutionId": "exec-...", "Verified": [{"RelativePath": "/raw-sequences/...", "VerifyStatus": "FAILED"}]}

Paths begin at the root of the task's locations, which for some transfers is a prefix of the lake.
A report is split into parts of at most 5 MB. Entries are read one by one, so memory does not grow with the report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import IO, Any, NamedTuple

import ijson

from common import arns
from common.transfers import Transfer

_METADATA = ("SrcMetadata", "SourceMetadata", "DstMetadata", "DestinationMetadata")
_DIRECTORY = "Directory"


class ReportUnreadable(RuntimeError):
    """A part of a task report is not what DataSync writes."""


class Entry(NamedTuple):
    """One line of a report. ``version_id`` is ``None`` where the report does not say."""

    key: str
    version_id: str | None
    is_directory: bool
    was_transferred: bool


def folder_of(transfer: Transfer, execution_id: str) -> str:
    """Where DataSync puts the detailed reports of one execution, as a key prefix ending in ``/``."""
    return f"{transfer.report_prefix}/Detailed-Reports/{arns.task_id(transfer.task_arn)}/{execution_id}/"


def is_part(key: str, execution_id: str, section: str) -> bool:
    """Whether a key is a part of the list ``section`` (``transferred``, ``verified``), beside the other lists."""
    name = key.rsplit("/", 1)[-1]
    return re.fullmatch(rf"{re.escape(execution_id)}\.files-{section}-v\d+-.*\.json", name) is not None


def read_part(body: IO[bytes], part: str, transfer: Transfer) -> Iterator[Entry]:
    """The entries of one part.

    Raises:
        ReportUnreadable: the part is cut off, not JSON, or has an entry without a path; ``part`` is in the message.
    """
    try:
        for item in ijson.items(body, "Transferred.item"):
            yield _entry(item, part, transfer)
    except ijson.JSONError as error:
        raise ReportUnreadable(f"the task report {part} is not complete JSON: {error}") from error


def read_unverified(body: IO[bytes], part: str, transfer: Transfer) -> Iterator[str]:
    """The keys of the objects whose verification failed, from one part of the list of verified files.

    Raises:
        ReportUnreadable: as for :func:`read_part`.
    """
    try:
        for item in ijson.items(body, "Verified.item"):
            path = item.get("RelativePath") if isinstance(item, Mapping) else None
            if not isinstance(path, str) or not path:
                raise ReportUnreadable(f"the task report {part} has an entry without RelativePath")
            if item.get("VerifyStatus") != "SUCCESS":
                yield transfer.key_of(path)
    except ijson.JSONError as error:
        raise ReportUnreadable(f"the task report {part} is not complete JSON: {error}") from error


def _entry(item: Any, part: str, transfer: Transfer) -> Entry:
    path = item.get("RelativePath") if isinstance(item, Mapping) else None
    if not isinstance(path, str) or not path:
        raise ReportUnreadable(f"the task report {part} has an entry without RelativePath")
    is_directory = False
    for each in _METADATA:
        if (metadata := item.get(each)) and metadata.get("Type") == _DIRECTORY:
            is_directory = True
    return Entry(
        key=transfer.key_of(path),
        version_id=item.get("DstS3VersionId") or None,
        is_directory=is_directory,
        was_transferred=item.get("TransferStatus") == "SUCCESS",
    )
