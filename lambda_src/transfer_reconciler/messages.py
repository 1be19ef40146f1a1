"""What transfer_reconciler tells people."""

from __future__ import annotations

from datetime import datetime

from common.notices import Listing, Notice, Severity
from common.transfers import Transfer
from transfer_reconciler.domain import Execution, Receipt

SOURCE = "transfer_reconciler"
RUNBOOK = "docs/runbooks/transfer-reconciler.md"


def slots_missed(environment: str, now: datetime, transfer: Transfer, slots: list[datetime]) -> Notice:
    """Slots in which no transfer began and none was under way."""
    count, minutes = len(slots), int(transfer.every.total_seconds()) // 60
    return Notice(
        kind="transfer.slot_missed",
        severity=Severity.WARNING if count == 1 else Severity.CRITICAL,
        environment=environment,
        source=SOURCE,
        occurred_at=now,
        summary=(
            f"No transfer of {transfer.directory} ran in {count} slot{'s' if count != 1 else ''} of {minutes} minutes;"
            " files wait on the shared storage"
        ),
        runbook=RUNBOOK,
        dedupe_key=f"transfer.slot_missed {transfer.name} {slots[0].isoformat(timespec='minutes')}",
        details={
            "transfer": transfer.name,
            "slots": Listing([{"slot": slot.isoformat(timespec="minutes")} for slot in slots], count),
        },
    )


def event_missing(
    environment: str,
    now: datetime,
    transfer: Transfer,
    execution: Execution,
    receipt: Receipt,
    remedy: str,
    attempt: int,
) -> Notice:
    """An execution ended and was not tagged: its event never came, or tagging did not come to its end."""
    cause = "its event never came" if not receipt.status else f"tagging is {receipt.status}"
    return Notice(
        kind="transfer.event_missing",
        severity=Severity.WARNING,
        environment=environment,
        source=SOURCE,
        occurred_at=now,
        summary=f"A transfer of {transfer.directory} ended in {execution.state} and is not tagged: {cause}. {remedy}",
        runbook=RUNBOOK,
        dedupe_key=f"transfer.event_missing {execution.arn} {attempt}",
        details={
            "transfer": transfer.name,
            "execution": execution.arn,
            "state": execution.state,
            "cause": cause,
            "attempt": attempt,
        },
    )


def gave_up(
    environment: str, now: datetime, transfer: Transfer, execution: Execution, receipt: Receipt, attempts: int
) -> Notice:
    """The tagger was called again and again, and the execution is still not tagged."""
    return Notice(
        kind="transfer.not_tagged",
        severity=Severity.CRITICAL,
        environment=environment,
        source=SOURCE,
        occurred_at=now,
        summary=(
            f"What a transfer of {transfer.directory} brought is still not tagged after {attempts} more calls;"
            " no researcher can read it"
        ),
        runbook=RUNBOOK,
        dedupe_key=f"transfer.not_tagged {execution.arn}",
        details={
            "transfer": transfer.name,
            "execution": execution.arn,
            "state": execution.state,
            "receipt": receipt.status or "none",
        },
    )
