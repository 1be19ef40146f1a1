"""The calls transfer_starter makes to DataSync."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.transfers import ENDED
from transfer_starter.domain import Execution, TaskState

if TYPE_CHECKING:
    from mypy_boto3_datasync import DataSyncClient
    from mypy_boto3_datasync.type_defs import DescribeTaskExecutionResponseTypeDef

EITHER_END = 5


class Task:
    """One DataSync task. ``starting`` is the client for the one call that must not be tried again by itself: the
    answer to a start that did happen may be lost on the way, and only a new look at the state tells."""

    def __init__(self, datasync: DataSyncClient, starting: DataSyncClient, task_arn: str) -> None:
        self._datasync = datasync
        self._starting = starting
        self._task_arn = task_arn

    def state(self) -> TaskState:
        """The task with its most recent execution and whatever is under way.

        DescribeTask's ``CurrentTaskExecutionArn`` is the most recent execution, ended or not
        (https://docs.aws.amazon.com/datasync/latest/userguide/API_DescribeTask.html). Where it is missing, the list
        of executions serves. It has no times, and AWS does not say whether the newest stand first or last, so some
        of either end are described: a month of half hours has 1,440.
        """
        task = self._datasync.describe_task(TaskArn=self._task_arn)
        current = task.get("CurrentTaskExecutionArn")
        return TaskState(
            status=task["Status"],
            executions=tuple(self._describe(arn) for arn in ([current] if current else self._recent())),
            error_code=task.get("ErrorCode", ""),
            error_detail=task.get("ErrorDetail", ""),
        )

    def start(self) -> str:
        """Start an execution and return its ARN."""
        return self._starting.start_task_execution(TaskArn=self._task_arn)["TaskExecutionArn"]

    def _recent(self) -> list[str]:
        pages = self._datasync.get_paginator("list_task_executions").paginate(TaskArn=self._task_arn)
        listed = {each["TaskExecutionArn"]: each["Status"] for page in pages for each in page["TaskExecutions"]}
        arns = list(listed)
        under_way = [arn for arn, status in listed.items() if status not in ENDED]
        return list(dict.fromkeys([*under_way, *arns[:EITHER_END], *arns[-EITHER_END:]]))

    def _describe(self, arn: str) -> Execution:
        found: DescribeTaskExecutionResponseTypeDef = self._datasync.describe_task_execution(TaskExecutionArn=arn)
        result = found.get("Result", {})
        return Execution(
            arn=arn,
            status=found["Status"],
            started_at=found.get("StartTime"),
            error_code=result.get("ErrorCode", ""),
            error_detail=result.get("ErrorDetail", ""),
        )
