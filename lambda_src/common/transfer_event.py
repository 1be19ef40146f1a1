"""Reads EventBridge's "DataSync Task Execution State Change"
(https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-datasync.html)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from common import arns
from common.transfers import ENDED, Transfer

SOURCE = "aws.datasync"
DETAIL_TYPE = "DataSync Task Execution State Change"


class Refusal(StrEnum):
    """Why an event is not for us. None of these gets better by trying again, so none is raised."""

    MALFORMED = "malformed"
    OTHER_EVENT = "other_event"
    OTHER_TASK = "other_task"
    OTHER_STATE = "other_state"


@dataclass(frozen=True)
class TransferEvent:
    """An execution of one of our tasks has ended in ``state``."""

    transfer: Transfer
    execution_arn: str
    execution_id: str
    state: str


def read(event: Any, transfers: Iterable[Transfer]) -> TransferEvent | Refusal:
    """The event, if it tells of an end of one of our tasks."""
    if not isinstance(event, Mapping):
        return Refusal.MALFORMED
    resources, detail = event.get("resources"), event.get("detail")
    if not isinstance(resources, list) or len(resources) != 1 or not isinstance(resources[0], str):
        return Refusal.MALFORMED
    if not isinstance(detail, Mapping) or not isinstance(detail.get("State"), str):
        return Refusal.MALFORMED
    if event.get("source") != SOURCE or event.get("detail-type") != DETAIL_TYPE:
        return Refusal.OTHER_EVENT
    for transfer in transfers:
        execution_id = arns.execution_id(resources[0], transfer.task_arn)
        if execution_id is None:
            continue
        if detail["State"] not in ENDED:
            return Refusal.OTHER_STATE
        return TransferEvent(transfer, execution_arn=resources[0], execution_id=execution_id, state=detail["State"])
    return Refusal.OTHER_TASK
