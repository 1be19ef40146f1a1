"""Starting, describing, listing and stopping executions. One task runs one execution at a time; further ones wait.

https://docs.aws.amazon.com/datasync/latest/userguide/API_StartTaskExecution.html
"""

import logging
import threading

from localstack.aws.api import RequestContext

from kosha_localcloud.services.datasync import events
from kosha_localcloud.services.datasync.run import Run
from kosha_localcloud.services.datasync.state import (
    Execution,
    Task,
    execution_of,
    invalid,
    location_of,
    states,
    table,
    task_of,
)
from kosha_localcloud.services.datasync.tasks import check_filters, complete_options, report_config
from kosha_localcloud.services.identifiers import hexadecimal, now
from kosha_localcloud.services.operations import Document
from kosha_localcloud.services.tagging import from_pairs

LOG = logging.getLogger(__name__)


@table.real("StartTaskExecution", "copies the files; the manifest is ignored")
def start_task_execution(context: RequestContext, request: Document) -> Document:
    task = task_of(context, request["TaskArn"])
    options = complete_options(request.get("OverrideOptions"), task.document["Options"])
    check_filters(request.get("Includes"))
    execution = Execution(_new_document(task, request, options))
    source = location_of(context, task.document["SourceLocationArn"])
    destination = location_of(context, task.document["DestinationLocationArn"])
    with task.lock:
        occupied = task.running is not None or bool(task.waiting)
        if occupied and options["TaskQueueing"] == "DISABLED":
            raise invalid(f"Task {task.identifier} is running and its option TaskQueueing is DISABLED.")
        task.executions[execution.arn] = execution
        task.waiting.append(execution)
        states.of(context).tags[execution.arn] = from_pairs(request.get("Tags"))
        _runs[execution.arn] = Run(task, execution, source, destination)
        if not occupied:
            threading.Thread(target=_work_off, args=(task,), name=f"datasync-{task.identifier}", daemon=True).start()
    if occupied:
        events.send_state(task, execution)
    return {"TaskExecutionArn": execution.arn}


# What waits and what is being worked on, by execution ARN.
_runs: dict[str, Run] = {}
_working: dict[str, Run] = {}


def _new_document(task: Task, request: Document, options: Document) -> Document:
    document: Document = {
        "TaskExecutionArn": f"{task.arn}/execution/exec-{hexadecimal()}",
        "Status": "QUEUED",
        "Options": options,
        "Includes": request.get("Includes") or task.document["Includes"],
        "Excludes": request.get("Excludes") or task.document["Excludes"],
        "StartTime": now(),
        "LaunchTime": now(),
        "TaskMode": task.document["TaskMode"],
        "EstimatedFilesToTransfer": 0,
        "EstimatedBytesToTransfer": 0,
        "EstimatedFilesToDelete": 0,
        "FilesTransferred": 0,
        "BytesWritten": 0,
        "BytesTransferred": 0,
        "BytesCompressed": 0,
        "FilesDeleted": 0,
        "FilesSkipped": 0,
        "FilesVerified": 0,
        "Result": {"PrepareStatus": "PENDING", "TransferStatus": "PENDING", "VerifyStatus": "PENDING"},
    }
    report = (
        report_config(request["TaskReportConfig"])
        if "TaskReportConfig" in request
        else task.document.get("TaskReportConfig")
    )
    if report:
        document["TaskReportConfig"] = report
        document["ReportResult"] = {"Status": "PENDING"}
    return document


def _work_off(task: Task) -> None:
    """Run the task's executions one after the other until none waits."""
    while True:
        with task.lock:
            if task.running is not None or not task.waiting:
                return
            task.running = task.waiting.popleft()
            run = _runs.pop(task.running.arn)
            _working[run.execution.arn] = run
        try:
            run.go()
        except Exception:
            # A fault of ours must show as a failed execution, never as one that hangs.
            LOG.exception("Execution %s broke", run.execution.arn)
            run.break_off("InternalError", "The local cloud made a mistake; its log has the details.")
        finally:
            del _working[run.execution.arn]


@table.real("DescribeTaskExecution")
def describe_task_execution(context: RequestContext, request: Document) -> Document:
    _, execution = execution_of(context, request["TaskExecutionArn"])
    return execution.document


@table.real("ListTaskExecutions")
def list_task_executions(context: RequestContext, request: Document) -> Document:
    state = states.of(context)
    tasks = [task_of(context, request["TaskArn"])] if request.get("TaskArn") else list(state.tasks.values())
    return {
        "TaskExecutions": [
            {"TaskExecutionArn": execution.arn, "Status": execution.status, "TaskMode": execution.document["TaskMode"]}
            for task in tasks
            for execution in task.executions.values()
        ]
    }


@table.real("CancelTaskExecution", "what was transferred stays; the execution ends with ERROR")
def cancel_task_execution(context: RequestContext, request: Document) -> Document:
    task, execution = execution_of(context, request["TaskExecutionArn"])
    with task.lock:
        if execution.finished:
            raise invalid(f"Execution {execution.identifier} has already ended with {execution.status}.")
        execution.cancelled.set()
    return {}


@table.real("UpdateTaskExecution", "changes the bandwidth limit of a running execution")
def update_task_execution(context: RequestContext, request: Document) -> Document:
    _, execution = execution_of(context, request["TaskExecutionArn"])
    if execution.finished:
        raise invalid(f"Execution {execution.identifier} has already ended with {execution.status}.")
    limit = request["Options"].get("BytesPerSecond")
    if limit is not None:
        execution.document["Options"] = execution.document["Options"] | {"BytesPerSecond": limit}
    return {}


def under_way() -> list[str]:
    """Name the executions that wait, run, or have yet to send their last event."""
    return [f"DataSync {arn.rpartition('/')[2]}" for arn in [*_runs, *_working]]
