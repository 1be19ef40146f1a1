"""What transfer_notifier tells people."""

from __future__ import annotations

from datetime import datetime

from common.notices import Detail, Notice, Severity
from common.transfer_event import TransferEvent
from transfer_notifier.domain import Ending, Facts

SOURCE = "transfer_notifier"
RUNBOOK = "docs/runbooks/transfer-notifier.md"

_SEVERITY = {
    Ending.SUCCEEDED: Severity.INFO,
    Ending.PARTIAL: Severity.WARNING,
    Ending.FAILED: Severity.CRITICAL,
}


def ended(environment: str, now: datetime, event: TransferEvent, ending: Ending, facts: Facts | None) -> Notice:
    """How the transfer ended. Without ``facts`` DataSync no longer knows the execution; the ending still counts."""
    return Notice(
        kind=ending.value,
        severity=_SEVERITY[ending],
        environment=environment,
        source=SOURCE,
        occurred_at=now,
        summary=_summary(event.transfer.directory, ending, facts),
        runbook=RUNBOOK,
        dedupe_key=f"{ending.value} {event.execution_arn}",
        details={"transfer": event.transfer.name, "execution": event.execution_arn, **_details(facts)},
    )


def _summary(directory: str, ending: Ending, facts: Facts | None) -> str:
    if ending is Ending.FAILED:
        return f"The transfer of {directory} failed: {(facts and facts.error_code) or 'DataSync gives no code'}"
    # DataSync counts folders in: https://docs.aws.amazon.com/datasync/latest/userguide/API_DescribeTaskExecution.html
    transferred = f"{facts.files_transferred} files and folders" if facts else "an unknown number of files"
    if ending is Ending.PARTIAL and facts:
        behind = facts.files_left_behind
        flaw = f"{behind} left behind" if behind else facts.error_code or "the verification found differences"
        return f"The transfer of {directory} ended with {transferred} copied; {flaw}"
    return f"The transfer of {directory} ended: {transferred} copied"


def _details(facts: Facts | None) -> dict[str, Detail]:
    if facts is None:
        return {"counts": "unknown to DataSync"}
    details: dict[str, Detail] = {
        "files_transferred": facts.files_transferred,
        "files_verified": facts.files_verified,
        "files_skipped": facts.files_skipped,
        "files_left_behind": facts.files_left_behind,
        "bytes_transferred": facts.bytes_transferred,
        "bytes_written": facts.bytes_written,
        "duration_seconds": facts.duration_ms / 1000,
        "verify_status": facts.verify_status,
    }
    if facts.error_code or facts.error_detail:
        details |= {"error_code": facts.error_code, "error_detail": facts.error_detail}
    return details
