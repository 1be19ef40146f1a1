"""Decides whether a transfer is to start now. Pure: state in, one decision out.

EventBridge Scheduler delivers at least once, and Lambda tries again what failed, so one slot of a transfer
(common/slots.py) may call several times; an hourly transfer is looked at twice an hour in any case. A slot whose
execution has begun never gets another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from common.slots import SKEW, slot_of
from common.transfers import ENDED

# A transfer that hangs is reported in the first hour, and again in one hour of every six; the half-hourly call
# would otherwise report it 48 times a day.
REPORT_EVERY = timedelta(hours=6)
REPORT_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Execution:
    """One run of the task. ``started_at`` is ``None`` while DataSync has not begun it."""

    arn: str
    status: str
    started_at: datetime | None
    error_code: str = ""
    error_detail: str = ""

    @property
    def is_under_way(self) -> bool:
        """Whether it has not ended. A status DataSync may add one day counts as under way: waiting harms nobody."""
        return self.status not in ENDED


@dataclass(frozen=True)
class TaskState:
    """What DataSync says of the task and of its recent executions, the most recent one and any under way among them."""

    status: str
    executions: tuple[Execution, ...]
    error_code: str = ""
    error_detail: str = ""


class SkipReason(StrEnum):
    """Why no transfer is started although nothing is wrong."""

    UNDER_WAY = "under_way"
    SLOT_DONE = "slot_done"
    TASK_BEING_CREATED = "task_being_created"


@dataclass(frozen=True)
class Start:
    """Start an execution. ``failed_before`` is the most recent one, if it ended in ERROR."""

    slot: datetime
    failed_before: Execution | None


@dataclass(frozen=True)
class Skip:
    """Start nothing. ``stuck`` is set when people are to be told that the execution runs for too long."""

    reason: SkipReason
    running_for: timedelta
    execution: Execution | None
    stuck: bool = False


@dataclass(frozen=True)
class Refuse:
    """Nothing can be started until somebody mends the task."""

    problem: str


type Decision = Start | Skip | Refuse


def decide(task: TaskState, now: datetime, every: timedelta, stuck_after: timedelta) -> Decision:
    """What to do at ``now`` (UTC) for a transfer that runs ``every`` so often."""
    slot = slot_of(now, every)
    under_way = next((each for each in task.executions if each.is_under_way), None)
    if under_way is not None or task.status in ("RUNNING", "QUEUED"):
        running_for = _age(under_way, now)
        return Skip(SkipReason.UNDER_WAY, running_for, under_way, stuck=_is_to_report(running_for, stuck_after))
    if any(each.started_at and each.started_at >= slot - SKEW for each in task.executions):
        return Skip(SkipReason.SLOT_DONE, timedelta(0), None)
    if task.status == "CREATING":
        return Skip(SkipReason.TASK_BEING_CREATED, timedelta(0), None)
    if task.status != "AVAILABLE":
        reason = " ".join(filter(None, (task.error_code, task.error_detail))) or "DataSync gives no reason"
        return Refuse(f"the task is {task.status}: {reason}")
    last = max((each for each in task.executions if each.started_at), key=_started, default=None)
    return Start(slot, failed_before=last if last is not None and last.status == "ERROR" else None)


def _started(execution: Execution) -> datetime:
    if execution.started_at is None:
        raise ValueError(f"execution {execution.arn} has not begun")
    return execution.started_at


def _age(execution: Execution | None, now: datetime) -> timedelta:
    if execution is None or execution.started_at is None:
        return timedelta(0)
    return max(now - execution.started_at, timedelta(0))


def _is_to_report(running_for: timedelta, stuck_after: timedelta) -> bool:
    beyond = running_for - stuck_after
    return beyond >= timedelta(0) and beyond % REPORT_EVERY < REPORT_FOR
