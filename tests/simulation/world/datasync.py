"""DataSync: one task that copies ``published/`` to the lake, and a client.

States, reports and counts of Basic mode (https://docs.aws.amazon.com/datasync/latest/userguide/task-reports.html);
options as ``modules/transfer/task.tf`` sets them: changed files only (size and mtime), never deletes, overwrites,
verifies what was transferred, refuses a second execution.
"""

from __future__ import annotations

import fnmatch
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.simulation.world.errors import client_error
from tests.simulation.world.faults import Faults
from tests.simulation.world.files import SharedFiles, nanoseconds_of
from tests.simulation.world.s3 import Bucket, Store, Version
from tests.simulation.world.timeline import Timeline

ACCOUNT = "111122223333"
REGION = "ap-south-1"
TASK_ARN = f"arn:aws:datasync:{REGION}:{ACCOUNT}:task/task-0a1b2c3d4e5f60718"
REPORT_PREFIX = "task-reports"
ENTRIES_PER_PART = 5
ENDED = ("SUCCESS", "ERROR")
WITH_FILES = ("fail_late", "leave_out", "corrupt", "report")


@dataclass(frozen=True)
class TransferFault:
    """What goes wrong in the next execution.

    ``fail``: it ends in ERROR at its start, before or after the files. ``leave_out`` / ``corrupt``: so many files are
    not copied / arrive with other bytes. ``slow``: it takes so many minutes more. ``report``: late | missing | cut.
    """

    kind: str
    amount: int = 1
    report: str = ""


@dataclass
class Copy:
    """One file of an execution."""

    path: str
    size: int
    mtime_ns: int
    version: Version | None = None
    failed: bool = False
    mismatch: bool = False
    overwrite: bool = False


@dataclass
class Execution:
    """One run of the task."""

    arn: str
    id: str
    started_at: datetime
    by: str
    faults: list[TransferFault]
    status: str = "LAUNCHING"
    ended_at: datetime | None = None
    error: tuple[str, str] | None = None
    copies: list[Copy] = field(default_factory=list)
    files_skipped: int = 0
    transferred: int = 0
    verified: int = 0
    report: str = ""
    verify_status: str = ""

    @property
    def is_over(self) -> bool:
        return self.status in ENDED


class Task:
    """The task and its executions."""

    def __init__(
        self,
        timeline: Timeline,
        faults: Faults,
        files: SharedFiles,
        store: Store,
        lake: Bucket,
        reports: Bucket,
        in_flight: list[str],
        send_event: Callable[[Execution], None],
    ) -> None:
        self._timeline = timeline
        self._faults = faults
        self._files = files
        self._store = store
        self._lake = lake
        self._reports = reports
        self._in_flight = re.compile("|".join(map(fnmatch.translate, in_flight)))
        # As both sides were when everything was found to be the same: then looking again finds the same.
        self._same_at: tuple[int, int] | None = None
        self._same_files = 0
        self._send_event = send_event
        self.executions: list[Execution] = []
        self.by_arn: dict[str, Execution] = {}
        self.next_faults: list[TransferFault] = []
        self.hide_current = False
        self.watchers: list[Callable[[Execution], None]] = []
        faults.lasting.append(self._is_in_trouble)

    @property
    def current(self) -> Execution | None:
        """The most recent execution."""
        return self.executions[-1] if self.executions else None

    def _is_in_trouble(self) -> bool:
        current = self.current
        return current is not None and bool(current.faults) and not current.is_over

    def start(self, by: str) -> Execution:
        """Begin an execution; the caller has checked that none is under way."""
        number = len(self.executions) + 1
        identifier = f"exec-{number:017x}"
        execution = Execution(f"{TASK_ARN}/execution/{identifier}", identifier, self._timeline.now, by, [])
        execution.faults, self.next_faults = self.next_faults, []
        self.executions.append(execution)
        self.by_arn[execution.arn] = execution
        slow = sum(each.amount for each in execution.faults if each.kind == "slow")
        self._timeline.after(timedelta(seconds=45), lambda: self._prepare(execution, slow))
        return execution

    def _prepare(self, execution: Execution, slow: int) -> None:
        execution.status = "PREPARING"
        if self._breaks(execution, "fail_early"):
            return
        stamp = (self._files.changes, self._lake.changes)
        if stamp == self._same_at:
            execution.files_skipped = self._same_files
        else:
            self._compare(execution)
            self._same_at = None if execution.copies else stamp
            self._same_files = execution.files_skipped
        if not execution.copies:
            # What can only go wrong with files waits for a transfer that has some.
            self.next_faults[:0] = [each for each in execution.faults if each.kind in WITH_FILES]
            execution.faults = [each for each in execution.faults if each.kind not in WITH_FILES]
        execution.status = "TRANSFERRING"
        leave_out = sum(each.amount for each in execution.faults if each.kind == "leave_out")
        corrupt = sum(each.amount for each in execution.faults if each.kind == "corrupt")
        pause = timedelta(seconds=20)
        for number, copy in enumerate(execution.copies):
            how = "leave_out" if number < leave_out else "corrupt" if number < leave_out + corrupt else ""
            self._timeline.after(pause * (number % 12 + 1), self._copying(execution, copy, how))
        end = timedelta(minutes=5 + slow)
        self._timeline.after(end, lambda: self._verify(execution))

    def _compare(self, execution: Execution) -> None:
        for path, entry in self._files.walk("published"):
            if self._in_flight.match(f"/{path}"):
                continue
            status = entry.stat(follow_symlinks=False)
            present = self._lake.current(path)
            if (
                present is not None
                and not present.is_marker
                and len(present.body) == status.st_size
                and present.metadata.get("file-mtime") == f"{status.st_mtime_ns}ns"
            ):
                execution.files_skipped += 1
                continue
            overwrite = present is not None and not present.is_marker
            execution.copies.append(Copy(path, status.st_size, status.st_mtime_ns, overwrite=overwrite))

    def _copying(self, execution: Execution, copy: Copy, how: str) -> Callable[[], None]:
        def copying() -> None:
            if execution.is_over or self._faults.is_down(REGION):
                copy.failed = True
                return
            place = self._files.directory("published") / copy.path
            try:
                body = place.read_bytes()
                status = place.stat()
            except OSError:
                copy.failed = True
                return
            if how == "leave_out":
                self._faults.note("file left out")
                copy.failed = True
                return
            if how == "corrupt" and body:
                self._faults.note("file corrupted")
                body = bytes([body[0] ^ 0xFF]) + body[1:]
            copy.mtime_ns, copy.size = status.st_mtime_ns, status.st_size
            metadata = {
                "user-agent": "aws-datasync",
                "file-mtime": f"{status.st_mtime_ns}ns",
                "file-owner": "10001",
                "file-group": "10001",
                "file-permissions": "0660",
            }
            copy.version = self._store.put(self._lake, copy.path, body, metadata, {})
            execution.transferred += 1

        return copying

    def _verify(self, execution: Execution) -> None:
        execution.status = "VERIFYING"
        if self._breaks(execution, "fail_late"):
            return
        for copy in execution.copies:
            if copy.version is None:
                continue
            place = self._files.directory("published") / copy.path
            try:
                same = place.read_bytes() == copy.version.body and place.stat().st_mtime_ns == copy.mtime_ns
            except OSError:
                same = False
            if same:
                execution.verified += 1
            else:
                copy.mismatch = True
        if any(each.mismatch for each in execution.copies):
            execution.verify_status = "ERROR"
            self._end(execution, ("VerificationMismatch", "Verification detected mismatches."))
        elif any(each.failed for each in execution.copies):
            self._end(execution, ("FilesSkipped", "Files skipped due to errors."))
        else:
            execution.verify_status = "SUCCESS"
            self._end(execution, None)

    def _breaks(self, execution: Execution, kind: str) -> bool:
        if self._faults.is_down(REGION):
            self._end(execution, ("RegionDown", "The service is not available."))
            return True
        if any(each.kind == kind for each in execution.faults):
            self._end(execution, ("InternalError", "The task execution failed."))
            return True
        return False

    def _end(self, execution: Execution, error: tuple[str, str] | None) -> None:
        execution.status = "SUCCESS" if error is None else "ERROR"
        execution.error = error
        execution.ended_at = self._timeline.now
        if execution.faults or error is not None:
            self._faults.note(f"transfer {execution.faults[0].kind if execution.faults else error and error[0]}")
        how = next((each.report for each in execution.faults if each.report), "")
        if how == "missing" or self._faults.is_down(REGION):
            execution.report = "ERROR"
        elif how == "late":
            execution.report = "PENDING"
            self._timeline.after(timedelta(minutes=4), lambda: self._write_report(execution, cut=False))
        else:
            self._write_report(execution, cut=how == "cut")
        for watcher in self.watchers:
            watcher(execution)
        self._send_event(execution)

    def _write_report(self, execution: Execution, cut: bool) -> None:
        folder = f"{REPORT_PREFIX}/Detailed-Reports/{TASK_ARN.rpartition('/')[2]}/{execution.id}"
        entries = [self._entry(each) for each in execution.copies]
        verified = [each for each in execution.copies if each.mismatch]  # the report lists errors of this section only
        for number in range(0, len(entries), ENTRIES_PER_PART):
            text = json.dumps(
                {"TaskExecutionId": execution.id, "Transferred": entries[number : number + ENTRIES_PER_PART]}
            )
            if cut:
                text = text[: len(text) * 2 // 3]
            name = f"{execution.id}.files-transferred-v1-{number // ENTRIES_PER_PART + 1:05d}-0f0f0f0f0f0f0f0f.json"
            self._store.put(self._reports, f"{folder}/{name}", text.encode(), {}, {})
        if verified:
            text = json.dumps({"TaskExecutionId": execution.id, "Verified": [self._check(each) for each in verified]})
            name = f"{execution.id}.files-verified-v1-00001-0f0f0f0f0f0f0f0f.json"
            self._store.put(self._reports, f"{folder}/{name}", text.encode(), {}, {})
        execution.report = "SUCCESS"

    def _entry(self, copy: Copy) -> dict[str, Any]:
        failed = copy.version is None
        entry: dict[str, Any] = {
            "RelativePath": f"/{copy.path}",
            "SrcMetadata": _metadata(copy),
            "Overwrite": str(copy.overwrite),
            "TransferTimestamp": _stamp(self._timeline.now),
            "TransferType": "CONTENT_AND_METADATA",
            "TransferStatus": "FAILED" if failed else "SUCCESS",
        }
        if copy.version is not None:
            entry["DstS3VersionId"] = copy.version.version_id
        else:
            entry |= {"FailureReason": "File could not be transferred", "FailureCode": 40974}
        return entry

    def _check(self, copy: Copy) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "RelativePath": f"/{copy.path}",
            "SrcMetadata": _metadata(copy),
            "DstMetadata": _metadata(copy),
            "VerifyTimestamp": _stamp(self._timeline.now),
            "VerifyStatus": "FAILED" if copy.mismatch else "SUCCESS",
        }
        return entry | ({"FailureReason": "srcHash differs from dstHash"} if copy.mismatch else {})


def _metadata(copy: Copy) -> dict[str, Any]:
    moment = datetime.fromtimestamp(copy.mtime_ns // 1_000_000_000, UTC)
    mtime = f"{moment:%Y-%m-%dT%H:%M:%S}.{copy.mtime_ns % 1_000_000_000:09d}Z"
    return {"Type": "Regular", "ContentSize": copy.size, "Mtime": mtime, "Uid": 10001, "Gid": 10001, "Mode": "0660"}


def _stamp(moment: datetime) -> str:
    nanoseconds = nanoseconds_of(moment)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds % 1_000_000_000:09d}Z"


class DataSync:
    """A client."""

    def __init__(self, task: Task, faults: Faults) -> None:
        self._task = task
        self._faults = faults

    def describe_task(self, *, TaskArn: str) -> dict[str, Any]:
        """The task."""
        done = self._begin("DescribeTask")
        self._check_task("DescribeTask", TaskArn)
        current = self._task.current
        under_way = current is not None and not current.is_over
        self._saw(current.arn if current is not None and under_way else None)
        done()
        found: dict[str, Any] = {"TaskArn": TaskArn, "Status": "RUNNING" if under_way else "AVAILABLE"}
        if current is not None and not self._task.hide_current:
            found["CurrentTaskExecutionArn"] = current.arn
        return found

    def start_task_execution(self, *, TaskArn: str) -> dict[str, Any]:
        """Begin an execution."""
        done = self._begin("StartTaskExecution")
        self._check_task("StartTaskExecution", TaskArn)
        current = self._task.current
        if current is not None and not current.is_over:
            raise client_error(
                "StartTaskExecution",
                "InvalidRequestException",
                400,
                f"Unable to queue the task execution: {current.arn} is under way and queueing is disabled",
            )
        invocation = self._faults.invocation
        execution = self._task.start(invocation.function if invocation else "somebody")
        done()
        return {"TaskExecutionArn": execution.arn}

    def describe_task_execution(self, *, TaskExecutionArn: str) -> dict[str, Any]:
        """One execution."""
        done = self._begin("DescribeTaskExecution")
        execution = self._task.by_arn.get(TaskExecutionArn)
        if execution is None:
            raise client_error("DescribeTaskExecution", "InvalidRequestException", 400, "does not exist")
        if not execution.is_over:
            self._saw(execution.arn)
        done()
        found: dict[str, Any] = {
            "TaskExecutionArn": execution.arn,
            "Status": execution.status,
            "StartTime": execution.started_at,
            "EstimatedFilesToTransfer": len(execution.copies),
            "FilesTransferred": execution.transferred,
            "FilesVerified": execution.verified,
            "FilesSkipped": execution.files_skipped,
            "BytesTransferred": sum(len(each.version.body) for each in execution.copies if each.version),
            "BytesWritten": sum(len(each.version.body) for each in execution.copies if each.version),
        }
        if execution.ended_at is not None:
            found["EndTime"] = execution.ended_at
            result: dict[str, Any] = {
                "TotalDuration": int((execution.ended_at - execution.started_at).total_seconds() * 1000)
            }
            if execution.verify_status:
                result["VerifyStatus"] = execution.verify_status
            if execution.error is not None:
                result["ErrorCode"], result["ErrorDetail"] = execution.error
            found["Result"] = result
            report = {"Status": execution.report or "PENDING"}
            if execution.report == "ERROR":
                report |= {"ErrorCode": "ReportFailed", "ErrorDetail": "The report could not be written."}
            found["ReportResult"] = report
        return found

    def get_paginator(self, operation: str) -> _Executions:
        """Pages of executions."""
        if operation != "list_task_executions":
            raise NotImplementedError(f"the paginator {operation}")
        return _Executions(self)

    def list_task_executions(self, *, TaskArn: str, MaxResults: int = 100, NextToken: str = "0") -> dict[str, Any]:
        """A page of executions, oldest first; DataSync remembers a month, this one three days, for speed:
        the reconciler looks back one."""
        done = self._begin("ListTaskExecutions")
        self._check_task("ListTaskExecutions", TaskArn)
        since = self._task._timeline.now - timedelta(days=3)
        newest = self._task.executions[-500:]
        recent = newest[bisect_right(newest, since, key=lambda each: each.started_at) :]
        begin = int(NextToken)
        shown = recent[begin : begin + MaxResults]
        for each in shown:
            if not each.is_over:
                self._saw(each.arn)
        done()
        found: dict[str, Any] = {
            "TaskExecutions": [{"TaskExecutionArn": each.arn, "Status": each.status} for each in shown]
        }
        if begin + MaxResults < len(recent):
            found["NextToken"] = str(begin + MaxResults)
        return found

    def _saw(self, arn: str | None) -> None:
        invocation = self._faults.invocation
        if invocation is not None and arn is not None:
            invocation.seen["under way"] = arn
        elif invocation is not None:
            invocation.seen.pop("under way", None)

    def _begin(self, operation: str) -> Callable[[], None]:
        done = self._faults.before("datasync", REGION, operation)
        invocation = self._faults.invocation
        if invocation is not None and operation == "StartTaskExecution" and "under way" in invocation.seen:
            invocation.seen["asked anyway"] = invocation.seen["under way"]
        return done

    @staticmethod
    def _check_task(operation: str, arn: str) -> None:
        if arn != TASK_ARN:
            raise client_error(operation, "InvalidRequestException", 400, "Task does not exist")


class _Executions:
    def __init__(self, client: DataSync) -> None:
        self._client = client

    def paginate(self, *, TaskArn: str) -> Iterator[dict[str, Any]]:
        token = "0"
        while True:
            page = self._client.list_task_executions(TaskArn=TaskArn, NextToken=token)
            yield page
            if "NextToken" not in page:
                return
            token = page["NextToken"]
