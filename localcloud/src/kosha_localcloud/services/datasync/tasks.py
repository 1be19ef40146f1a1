"""Tasks: what is copied where, and how.

https://docs.aws.amazon.com/datasync/latest/userguide/API_CreateTask.html
"""

from localstack.aws.api import RequestContext

from kosha_localcloud.services.datasync.filters import FilterError, check_includes
from kosha_localcloud.services.datasync.state import Task, invalid, location_of, states, table, task_of
from kosha_localcloud.services.identifiers import arn, hexadecimal, now
from kosha_localcloud.services.operations import Document
from kosha_localcloud.services.tagging import from_pairs

# https://docs.aws.amazon.com/datasync/latest/userguide/API_Options.html names the defaults.
DEFAULT_OPTIONS: Document = {
    "VerifyMode": "POINT_IN_TIME_CONSISTENT",
    "OverwriteMode": "ALWAYS",
    "Atime": "BEST_EFFORT",
    "Mtime": "PRESERVE",
    "Uid": "INT_VALUE",
    "Gid": "INT_VALUE",
    "PreserveDeletedFiles": "PRESERVE",
    "PreserveDevices": "NONE",
    "PosixPermissions": "PRESERVE",
    "BytesPerSecond": -1,
    "TaskQueueing": "ENABLED",
    "LogLevel": "OFF",
    "TransferMode": "CHANGED",
    "SecurityDescriptorCopyFlags": "NONE",
    "ObjectTags": "PRESERVE",
}


def complete_options(given: Document | None, base: Document = DEFAULT_OPTIONS) -> Document:
    """Fill options up with defaults. Raises InvalidRequestException for combinations DataSync refuses."""
    options = base | {key: value for key, value in (given or {}).items() if value is not None}
    if (options["Atime"] == "BEST_EFFORT") != (options["Mtime"] == "PRESERVE"):
        raise invalid("Atime BEST_EFFORT needs Mtime PRESERVE, and Atime NONE needs Mtime NONE.")
    if options["PreserveDeletedFiles"] == "REMOVE" and options["TransferMode"] == "ALL":
        raise invalid(
            "PreserveDeletedFiles REMOVE needs TransferMode CHANGED: with ALL the destination is not scanned."
        )
    return options


def check_filters(includes: list[Document] | None) -> None:
    """Raise InvalidRequestException for include filters DataSync refuses."""
    try:
        check_includes(includes)
    except FilterError as error:
        raise invalid(str(error)) from error


def report_config(given: Document | None) -> Document | None:
    """Fill a task report configuration up with defaults."""
    if not given:
        return None
    config: Document = {"OutputType": "SUMMARY_ONLY", "ReportLevel": "ERRORS_ONLY", "ObjectVersionIds": "NONE"} | given
    # AWS does not keep an override that says what the report's level says anyway:
    # https://github.com/hashicorp/terraform-provider-aws/pull/35778
    overrides = {
        section: override
        for section, override in (config.pop("Overrides", None) or {}).items()
        if override.get("ReportLevel") not in (None, config["ReportLevel"])
    }
    return config | ({"Overrides": overrides} if overrides else {})


@table.real("CreateTask", "EFS to S3 in Basic mode; a schedule and a manifest are stored only")
def create_task(context: RequestContext, request: Document) -> Document:
    source = location_of(context, request["SourceLocationArn"])
    destination = location_of(context, request["DestinationLocationArn"])
    if (source.kind, destination.kind) != ("efs", "s3"):
        raise invalid(f"The local cloud copies from efs to s3, not from {source.kind} to {destination.kind}.")
    if request.get("TaskMode", "BASIC") != "BASIC":
        raise invalid("EFS locations need task mode BASIC.")
    check_filters(request.get("Includes"))
    document: Document = {
        "TaskArn": arn("datasync", context.region, context.account_id, f"task/task-{hexadecimal()}"),
        "Status": "AVAILABLE",
        "Name": request.get("Name", ""),
        "SourceLocationArn": source.arn,
        "DestinationLocationArn": destination.arn,
        "SourceNetworkInterfaceArns": [],
        "DestinationNetworkInterfaceArns": [],
        "Options": complete_options(request.get("Options")),
        "Includes": request.get("Includes") or [],
        "Excludes": request.get("Excludes") or [],
        "CreationTime": now(),
        "TaskMode": "BASIC",
    }
    for key in ("CloudWatchLogGroupArn", "ManifestConfig"):
        if request.get(key):
            document[key] = request[key]
    if request.get("TaskReportConfig"):
        document["TaskReportConfig"] = report_config(request["TaskReportConfig"])
    _set_schedule(document, request.get("Schedule"))
    state = states.of(context)
    task = Task(document, context.account_id, context.region)
    state.tasks[task.arn] = task
    state.tags[task.arn] = from_pairs(request.get("Tags"))
    return {"TaskArn": task.arn}


def _set_schedule(document: Document, schedule: Document | None) -> None:
    document.pop("Schedule", None)
    if schedule and schedule.get("ScheduleExpression"):
        document["Schedule"] = {"Status": "ENABLED"} | schedule
        document["ScheduleDetails"] = {"StatusUpdateTime": now()}


@table.real("DescribeTask")
def describe_task(context: RequestContext, request: Document) -> Document:
    task = task_of(context, request["TaskArn"])
    with task.lock:
        document = dict(task.document)
        if task.running is not None:
            document["CurrentTaskExecutionArn"] = task.running.arn
            document["Status"] = "RUNNING"
        return document


@table.real("ListTasks", "filters are ignored")
def list_tasks(context: RequestContext, _request: Document) -> Document:
    return {
        "Tasks": [
            {
                "TaskArn": task.arn,
                "Status": "RUNNING" if task.running else task.document["Status"],
                "Name": task.document["Name"],
                "TaskMode": task.document["TaskMode"],
            }
            for task in states.of(context).tasks.values()
        ]
    }


@table.real("UpdateTask")
def update_task(context: RequestContext, request: Document) -> Document:
    task = task_of(context, request["TaskArn"])
    check_filters(request.get("Includes"))
    with task.lock:
        document = task.document
        if "Options" in request:
            document["Options"] = complete_options(request["Options"], document["Options"])
        for key in ("Name", "Includes", "Excludes", "CloudWatchLogGroupArn", "ManifestConfig"):
            if key in request:
                document[key] = request[key]
        if "TaskReportConfig" in request:
            document.pop("TaskReportConfig", None)
            # An empty configuration turns the report off.
            if request["TaskReportConfig"]:
                document["TaskReportConfig"] = report_config(request["TaskReportConfig"])
        if "Schedule" in request:
            _set_schedule(document, request["Schedule"])
    return {}


@table.real("DeleteTask", "stops an execution that is under way")
def delete_task(context: RequestContext, request: Document) -> Document:
    task = task_of(context, request["TaskArn"])
    state = states.of(context)
    with task.lock:
        for execution in task.executions.values():
            execution.cancelled.set()
            state.tags.pop(execution.arn, None)
        del state.tasks[task.arn]
        state.tags.pop(task.arn, None)
    return {}
