"""What DataSync knows in one account and region."""

import re
import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from localstack.aws.api import CommonServiceException, RequestContext

from kosha_localcloud.services.datasync.destination import Looks
from kosha_localcloud.services.operations import Document, ServiceTable, refuse
from kosha_localcloud.services.regional import Regional

table = ServiceTable("datasync", moto=False)

FINISHED = ("SUCCESS", "ERROR")


@dataclass
class Location:
    """A place to copy from or to. `document` is what DescribeLocation... answers."""

    document: Document
    kind: str
    directory: Path | None = None
    file_system_id: str | None = None
    bucket: str | None = None
    prefix: str = ""

    @property
    def arn(self) -> str:
        return str(self.document["LocationArn"])


@dataclass
class Execution:
    """One run of a task. `document` is what DescribeTaskExecution answers; the thread that runs it writes it."""

    document: Document
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def arn(self) -> str:
        return str(self.document["TaskExecutionArn"])

    @property
    def identifier(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def status(self) -> str:
        return str(self.document["Status"])

    @property
    def finished(self) -> bool:
        return self.status in FINISHED


@dataclass
class Task:
    """A task with its executions, oldest first; `waiting` holds those not yet started, `lock` guards all of it.

    `looks` is what the execution that runs knows of the destination from those before.
    """

    document: Document
    account: str
    region: str
    executions: dict[str, Execution] = field(default_factory=dict)
    waiting: deque[Execution] = field(default_factory=deque)
    running: Execution | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    looks: Looks = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return str(self.document["TaskArn"])

    @property
    def identifier(self) -> str:
        return self.arn.rpartition("/")[2]


@dataclass
class DataSyncState:
    """DataSync in one account and region, everything by ARN."""

    locations: dict[str, Location] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)


states: Regional[DataSyncState] = Regional(DataSyncState)


def invalid(message: str, code: str = "InvalidRequest") -> CommonServiceException:
    """Make an InvalidRequestException, DataSync's answer to whatever the caller did wrong, unknown ARNs included."""
    return refuse("InvalidRequestException", message, errorCode=code)


def task_of(context: RequestContext, arn: str) -> Task:
    """Give a task, or raise InvalidRequestException."""
    task = states.of(context).tasks.get(arn)
    if task is None:
        # The wording is what Terraform's provider looks for: "not found" in the message means the task is gone.
        raise invalid(f"Request parameters contain an invalid ARN: task {arn} is not found.")
    return task


def location_of(context: RequestContext, arn: str) -> Location:
    """Give a location, or raise InvalidRequestException."""
    location = states.of(context).locations.get(arn)
    if location is None:
        raise invalid(f"Request parameters contain an invalid ARN: location {arn} is not found.")
    return location


def execution_of(context: RequestContext, arn: str) -> tuple[Task, Execution]:
    """Give an execution and its task, or raise InvalidRequestException."""
    match = re.fullmatch(r"(.+:task/[^/]+)/execution/[^/]+", arn)
    task = states.of(context).tasks.get(match[1]) if match else None
    if task is None or arn not in task.executions:
        raise invalid(f"Request parameters contain an invalid ARN: execution {arn} is not found.")
    return task, task.executions[arn]
