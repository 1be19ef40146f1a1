"""What transfer_reconciler tells people."""

from __future__ import annotations

from datetime import datetime

from common.notices import Listing, Notice, Severity
from transfer_reconciler.domain import Execution, Receipt

SOURCE = "transfer_reconciler"
RUNBOOK = "docs/runbooks/transfer-reconciler.md"


def slots_missed(environment: str, now: datetime, slots: list[datetime]) -> Notice:
    """Half hours in which no transfer began and none was under way."""
    count = len(slots)
    return Notice(
        kind="transfer.slot_missed",
        severity=Severity.WARNING if count == 1 else Severity.CRITICAL,
        environment=environment,
        source=SOURCE,
        occurred_at=now,
        summary=f"No transfer ran in {count} half hour{'s' if count != 1 else ''}; files wait on the shared storage",
        runbook=RUNBOOK,
        dedupe_key=f"transfer.slot_missed {slots[0].isoformat(timespec='minutes')}",
        details={"slots": Listing([{"slot": slot.isoformat(timespec="minutes")} for slot in slots], count)},
    )


def event_missing(
    environment: str, now: datetime, execution: Execution, receipt: Receipt, remedy: str, attempt: int
) -> Notice:
    """An execution ended and was not tagged: its event never came, or tagging did not come to its end."""
    cause = "its event never came" if not receipt.status else f"tagging is {receipt.status}"
    return Notice(
        kind="transfer.event_missing",
        severity=Severity.WARNING,
        environment=environment,
        source=SOURCE,
        occurred_at=now,
        summary=f"A transfer ended in {execution.state} and is not tagged: {cause}. {remedy}",
        runbook=RUNBOOK,
        dedupe_key=f"transfer.event_missing {execution.arn} {attempt}",
        details={"execution": execution.arn, "state": execution.state, "cause": cause, "attempt": attempt},
    )


def gave_up(environment: str, now: datetime, execution: Execution, receipt: Receipt, attempts: int) -> Notice:
    """The tagger was called again and again, and the execution is still not tagged."""
    return Notice(
        kind="transfer.not_tagged",
        severity=Severity.CRITICAL,
        environment=environment,
        source=SOURCE,
        occurred_at=now,
        summary=f"What a transfer brought is still not tagged after {attempts} more calls; no researcher can read it",
        runbook=RUNBOOK,
        dedupe_key=f"transfer.not_tagged {execution.arn}",
        details={"execution": execution.arn, "state": execution.state, "receipt": receipt.status or "none"},
    )
