"""The parts of a DataSync execution's ARN: ``<task ARN>/execution/exec-<17 hex digits>``."""

from __future__ import annotations

import re

_EXECUTION = re.compile(r"exec-[0-9a-z]+")


def task_id(task_arn: str) -> str:
    """``task-...`` of a task's ARN."""
    return task_arn.rsplit("/", 1)[-1]


def execution_id(execution_arn: str, task_arn: str) -> str | None:
    """``exec-...`` if this is an execution of that task, else ``None``."""
    head = f"{task_arn}/execution/"
    tail = execution_arn[len(head) :]
    return tail if execution_arn.startswith(head) and _EXECUTION.fullmatch(tail) else None
