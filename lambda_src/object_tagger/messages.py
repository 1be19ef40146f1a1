"""What object_tagger tells people. Names of files go into notices, whose topic is encrypted, and never into the log:
a file that somebody named badly may carry a person's name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from common.notices import Detail, Listing, Notice, Severity
from common.tagging import Tally
from common.transfer_event import TransferEvent

SOURCE = "object_tagger"
RUNBOOK = "docs/runbooks/object-tagger.md"


def _notice(
    kind: str,
    severity: Severity,
    environment: str,
    now: datetime,
    event: TransferEvent,
    summary: str,
    details: Mapping[str, Detail | Listing],
) -> Notice:
    return Notice(
        kind=kind,
        severity=severity,
        environment=environment,
        source=SOURCE,
        occurred_at=now,
        summary=summary,
        runbook=RUNBOOK,
        dedupe_key=f"{kind} {event.execution_arn}",
        details={"transfer": event.transfer.name, "execution": event.execution_arn} | dict(details),
    )


def unclassified(environment: str, now: datetime, event: TransferEvent, tally: Tally) -> Notice:
    """Files whose names fit no class; they are kept and readable by no researcher until they are renamed."""
    count = tally.unclassified.total
    return _notice(
        "data.unclassified",
        Severity.WARNING,
        environment,
        now,
        event,
        f"{count} transferred file{'s fit' if count != 1 else ' fits'} no data class and can be read by no researcher",
        {"unclassified": tally.unclassified, "counts": tally.summary()},
    )


def tags_refused(environment: str, now: datetime, event: TransferEvent, tally: Tally) -> Notice:
    """Objects left with the tags they have: a more sensitive class is set, or ten tags are there already."""
    count = tally.left_as_is.total
    return _notice(
        "data.tags_refused",
        Severity.WARNING,
        environment,
        now,
        event,
        f"{count} object{'s keep' if count != 1 else ' keeps'} other tags than the file name asks for",
        {"objects": tally.left_as_is, "counts": tally.summary()},
    )


def not_verified(environment: str, now: datetime, event: TransferEvent, tally: Tally) -> Notice:
    """Copies that differ from their files. They stay untagged, and DataSync does not copy them again by itself."""
    count = tally.not_verified.total
    return _notice(
        "data.not_verified",
        Severity.CRITICAL,
        environment,
        now,
        event,
        f"{count} cop{'ies' if count != 1 else 'y'} in the lake failed the verification; no researcher can read them",
        {"objects": tally.not_verified, "counts": tally.summary()},
    )


def tagging_failed(environment: str, now: datetime, event: TransferEvent, problem: str, tally: Tally) -> Notice:
    """Tagging did not come to its end; what is not tagged can be read by no researcher."""
    return _notice(
        "data.tagging_failed",
        Severity.CRITICAL,
        environment,
        now,
        event,
        "Not all transferred objects could be tagged",
        {
            "problem": problem,
            "not_tagged": tally.not_done,
            "unclassified": tally.unclassified,
            "objects_left_as_is": tally.left_as_is,
            "counts": tally.summary(),
        },
    )
