"""The calls transfer_reconciler makes: executions, the tagger's receipts, other functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import ClientError

from common import arns
from common.dimensions import write_metrics
from common.failures import code_of
from common.state import Remembered
from common.transfers import ENDED
from transfer_reconciler.domain import Execution, Receipt

if TYPE_CHECKING:
    from mypy_boto3_datasync import DataSyncClient
    from mypy_boto3_lambda import LambdaClient


class NotAccepted(RuntimeError):
    """Lambda did not take an asynchronous call."""


class Executions:
    """The executions of one DataSync task. DataSync keeps them for about a month."""

    def __init__(self, datasync: DataSyncClient, task_arn: str) -> None:
        self._datasync = datasync
        self._task_arn = task_arn

    def list(self) -> dict[str, str]:
        """Id -> ARN of every execution that DataSync remembers."""
        pages = self._datasync.get_paginator("list_task_executions").paginate(TaskArn=self._task_arn)
        found = (each["TaskExecutionArn"] for page in pages for each in page["TaskExecutions"])
        return {name: arn for arn in found if (name := arns.execution_id(arn, self._task_arn))}

    def describe(self, execution_id: str, arn: str) -> Execution | None:
        """The execution, or ``None`` where DataSync has forgotten it since it was listed."""
        try:
            found = self._datasync.describe_task_execution(TaskExecutionArn=arn)
        except ClientError as error:
            if code_of(error) == "InvalidRequestException":
                return None
            raise
        state = found["Status"]
        report = found.get("ReportResult", {}).get("Status")
        return Execution(
            arn=arn,
            id=execution_id,
            state=state,
            started_at=found.get("StartTime"),
            ended_at=found.get("EndTime"),
            report_failed=report == "ERROR" and found.get("FilesTransferred", 0) > 0,
            has_ended=state in ENDED,
        )


class TaggerState(Protocol):
    """The tagger's state (``common.state.StateStore``), which is only read here."""

    def read(self, name: str) -> Remembered: ...


class Receipts:
    """What the tagger says of executions (object_tagger/receipts.py)."""

    def __init__(self, state: TaggerState) -> None:
        self._state = state

    def of(self, execution_id: str) -> Receipt:
        """The receipt of an execution."""
        document = self._state.read(execution_id).document
        at = document.get("at")
        return Receipt(document.get("status", ""), datetime.fromisoformat(at) if at else None)


class Functions:
    """Other functions of the platform, called asynchronously."""

    def __init__(self, client: LambdaClient) -> None:
        self._client = client

    def call(self, arn: str, event: Mapping[str, Any]) -> None:
        """Hand an event to Lambda's queue.

        Raises:
            NotAccepted: Lambda answered, and did not take it.
            ClientError, BotoCoreError: Lambda could not be asked.
        """
        answer = self._client.invoke(FunctionName=arn, InvocationType="Event", Payload=json.dumps(event).encode())
        if answer["StatusCode"] != 202:
            raise NotAccepted(f"{arn} answered {answer['StatusCode']} to an asynchronous call")


def tell_lag(transfer: str, lag: timedelta) -> None:
    """Write how old what the lake lacks of a transfer may be."""
    write_metrics("transfer", transfer, {"TransferLagMinutes": (MetricUnit.NoUnit, lag / timedelta(minutes=1))})
