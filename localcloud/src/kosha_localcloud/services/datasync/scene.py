"""What the phases of one execution share."""

from dataclasses import dataclass, field
from typing import Any

from kosha_localcloud.services.clients import client_in_role
from kosha_localcloud.services.datasync.destination import Destination, Written
from kosha_localcloud.services.datasync.events import ExecutionLog
from kosha_localcloud.services.datasync.report import TaskReport
from kosha_localcloud.services.datasync.source import Entry, nanoseconds_iso
from kosha_localcloud.services.datasync.state import Execution, Location, Task
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document

# What is transferred of an entry, in the words of task reports.
CONTENT, METADATA = "CONTENT_AND_METADATA", "METADATA"

# Storage classes that DataSync and S3 call differently.
S3_NAMES = {"GLACIER_INSTANT_RETRIEVAL": "GLACIER_IR"}


class RunError(Exception):
    """The execution cannot go on."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass
class Item:
    """An entry that is to be transferred or verified, and what became of it."""

    entry: Entry
    key: str
    kind: str
    overwrite: bool
    copied_from: Entry | None = None
    written: Written | None = None
    version_id: str | None = None
    failed: bool = False


@dataclass
class Plan:
    """What the preparation found."""

    transfer: list[Item] = field(default_factory=list)
    unchanged: list[Item] = field(default_factory=list)
    delete: list[str] = field(default_factory=list)
    source_files: int = 0
    source_bytes: int = 0


class Scene:
    """One execution with its source, destination, report and log, and the counts of what went wrong."""

    def __init__(self, task: Task, execution: Execution, source: Location, destination: Location) -> None:
        self.task = task
        self.execution = execution
        self.source = source
        self.document = execution.document
        self.options: Document = execution.document["Options"]
        storage_class = str(destination.document["S3StorageClass"])
        self.destination = Destination(
            _s3(task, destination.document["S3Config"]["BucketAccessRoleArn"]),
            str(destination.bucket),
            destination.prefix,
            S3_NAMES.get(storage_class, storage_class),
            task.looks,
        )
        self.source_uri: str = source.document["LocationUri"]
        self.destination_uri: str = destination.document["LocationUri"]
        config = execution.document.get("TaskReportConfig")
        self.report = None
        if config:
            s3 = _s3(task, config["Destination"]["S3"]["BucketAccessRoleArn"])
            self.report = TaskReport(s3, config, task.identifier, execution.identifier)
        self.log = ExecutionLog(task, execution, self.options)
        self.problems = 0
        self.mismatches = 0
        self.verified_bytes = 0

    def add_to_report(self, section: str, entry: Document) -> None:
        """List something in the task report, if there is one."""
        if self.report:
            self.report.add(section, entry)

    def path_of(self, key: str) -> str:
        """Give the path of an object as reports write it, from the destination's root."""
        return "/" + key.removeprefix(self.destination.prefix)

    def stop_if_cancelled(self) -> None:
        """Raise RunError when somebody has cancelled the execution."""
        if self.execution.cancelled.is_set():
            raise RunError("Cancelled", "The execution was cancelled.")

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than until somebody cancels the execution. Raises RunError then."""
        if self.execution.cancelled.wait(seconds):
            self.stop_if_cancelled()


def _s3(task: Task, role: str) -> Any:
    return client_in_role("s3", task.region, role, "datasync.amazonaws.com", task.arn)


def stamp() -> str:
    """The time as reports write it."""
    return nanoseconds_iso(int(now().timestamp() * 1_000_000_000))
