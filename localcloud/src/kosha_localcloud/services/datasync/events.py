"""What an execution tells the world: EventBridge events, log lines and metrics.

Events: https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-datasync.html (best effort, as in AWS: what
cannot be sent is lost). Metrics and log groups:
https://docs.aws.amazon.com/datasync/latest/userguide/monitor-datasync.html.
"""

import json
import logging
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from kosha_localcloud.services.clients import client
from kosha_localcloud.services.datasync.faults import faults
from kosha_localcloud.services.datasync.state import Execution, Task
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document

LOG = logging.getLogger(__name__)


def _best_effort(what: str, call: Callable[[], Any]) -> None:
    try:
        call()
    except (BotoCoreError, ClientError) as error:
        LOG.warning("DataSync could not send %s: %s", what, error)


def send_state(task: Task, execution: Execution) -> None:
    """Send the event of the state the execution is in, unless a fault drops it."""
    if faults.strike("drop_event", task.arn, execution.status):
        return
    entry = {
        "Time": now(),
        "Source": "aws.datasync",
        "DetailType": "DataSync Task Execution State Change",
        "Detail": json.dumps({"State": execution.status}),
        "Resources": [execution.arn],
    }
    _best_effort("an event", lambda: client("events", task.account, task.region).put_events(Entries=[entry]))


METRICS = {
    "BytesPreparedSource": "Bytes",
    "BytesPreparedDestination": "Bytes",
    "BytesTransferred": "Bytes",
    "BytesWritten": "Bytes",
    "BytesVerifiedSource": "Bytes",
    "BytesVerifiedDestination": "Bytes",
    "FilesPreparedSource": "Count",
    "FilesPreparedDestination": "Count",
    "FilesTransferred": "Count",
    "FilesVerifiedSource": "Count",
    "FilesVerifiedDestination": "Count",
}


def send_metrics(task: Task, values: dict[str, int]) -> None:
    """Send the metrics of a finished execution; AWS sends them every five minutes."""
    data = [
        {
            "MetricName": name,
            "Dimensions": [{"Name": "TaskId", "Value": task.identifier}],
            "Timestamp": now(),
            "Value": values.get(name, 0),
            "Unit": unit,
        }
        for name, unit in METRICS.items()
    ]
    cloudwatch = client("cloudwatch", task.account, task.region)
    _best_effort("metrics", lambda: cloudwatch.put_metric_data(Namespace="AWS/DataSync", MetricData=data))


class ExecutionLog:
    """Log lines of one execution, sent in batches. LogLevel OFF sends none, BASIC problems, TRANSFER every file."""

    BATCH = 500

    def __init__(self, task: Task, execution: Execution, options: Document) -> None:
        group = task.document.get("CloudWatchLogGroupArn", "")
        self._level = options["LogLevel"] if group else "OFF"
        self._group = group.removesuffix(":*").rpartition(":log-group:")[2]
        self._stream = f"{task.identifier}-{execution.identifier}"
        self._client = client("logs", task.account, task.region)
        self._lines: list[Document] = []
        self._begun = False

    def note(self, line: str) -> None:
        """Log a problem or a change of state."""
        if self._level != "OFF":
            self._add(f"[NOTICE] {line}")

    def detail(self, line: str) -> None:
        """Log what happened to one file."""
        if self._level == "TRANSFER":
            self._add(f"[INFO] {line}")

    def _add(self, line: str) -> None:
        self._lines.append({"timestamp": int(now().timestamp() * 1000), "message": line})
        if len(self._lines) >= self.BATCH:
            self.send()

    def send(self) -> None:
        """Send what has been collected."""
        if not self._lines:
            return
        names = {"logGroupName": self._group, "logStreamName": self._stream}
        if not self._begun:
            _best_effort("the log stream", lambda: self._client.create_log_stream(**names))
            self._begun = True
        lines, self._lines = self._lines, []
        _best_effort("log lines", lambda: self._client.put_log_events(**names, logEvents=lines))
