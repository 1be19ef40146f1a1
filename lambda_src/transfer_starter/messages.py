"""What transfer_starter tells people."""

from __future__ import annotations

from datetime import datetime, timedelta

from common.notices import Notice, Severity
from common.transfers import Transfer
from transfer_starter.domain import Execution, Start

SOURCE = "transfer_starter"
RUNBOOK = "docs/runbooks/transfer-starter.md"


def started(environment: str, now: datetime, transfer: Transfer, decision: Start, execution_arn: str) -> Notice:
    """A transfer has begun; a warning if the one before it failed, whose files this one brings along."""
    details: dict[str, str] = {
        "transfer": transfer.name,
        "execution": execution_arn,
        "slot": decision.slot.isoformat(timespec="minutes"),
    }
    severity, summary = Severity.INFO, f"The transfer of {transfer.directory} to the data lake has started"
    if decision.failed_before is not None:
        before = decision.failed_before
        severity, summary = Severity.WARNING, f"{summary}; the one before it failed"
        details |= {
            "failed_before": before.arn,
            "failed_before_code": before.error_code,
            "failed_before_detail": before.error_detail,
        }
    return Notice(
        kind="transfer.started",
        severity=severity,
        environment=environment,
        source=SOURCE,
        occurred_at=now,
        summary=summary,
        runbook=RUNBOOK,
        dedupe_key=f"transfer.started {execution_arn}",
        details=details,
    )


def stuck(
    environment: str, now: datetime, transfer: Transfer, execution: Execution | None, running_for: timedelta
) -> Notice:
    """A transfer runs for so long that it blocks those of the next slots."""
    hours = round(running_for.total_seconds() / 3600, 1)
    arn = execution.arn if execution else ""
    return Notice(
        kind="transfer.stuck",
        severity=Severity.WARNING,
        environment=environment,
        source=SOURCE,
        occurred_at=now,
        summary=f"The transfer of {transfer.directory} has been running for {hours} hours and no other can start",
        runbook=RUNBOOK,
        dedupe_key=f"transfer.stuck {transfer.name} {arn}",
        details={
            "transfer": transfer.name,
            "execution": arn,
            "status": execution.status if execution else "",
            "running_hours": hours,
        },
    )


def failed_to_start(environment: str, now: datetime, transfer: Transfer, slot: datetime, problem: str) -> Notice:
    """No transfer can start until somebody mends the cause."""
    return Notice(
        kind="transfer.failed_to_start",
        severity=Severity.CRITICAL,
        environment=environment,
        source=SOURCE,
        occurred_at=now,
        summary=f"The transfer of {transfer.directory} could not be started",
        runbook=RUNBOOK,
        dedupe_key=f"transfer.failed_to_start {transfer.task_arn} {slot.isoformat(timespec='minutes')}",
        details={
            "transfer": transfer.name,
            "task": transfer.task_arn,
            "slot": slot.isoformat(timespec="minutes"),
            "problem": problem,
        },
    )
