"""What tag_auditor tells people. Keys go into notices (encrypted topic) and reports, never into the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from common.notices import Detail, Listing, Notice, Severity

SOURCE = "tag_auditor"
RUNBOOK = "docs/runbooks/tag-auditor.md"


def finished(
    environment: str,
    now: datetime,
    run: str,
    result: Mapping[str, Detail],
    findings: Sequence[Mapping[str, Detail]],
    count: int,
    mendable: int,
) -> Notice:
    """An audit came to its end: a warning where objects need mending, or could not be looked at."""
    unread = result["unread"]
    details: dict[str, Detail | Listing] = {"run": run, "result": result, "findings": Listing(findings, count)}
    if mendable:
        details["to_mend"] = f"make backfill ENV={environment} MODE=apply"
    return Notice(
        kind="data.audit_finished",
        severity=Severity.WARNING if count or unread else Severity.INFO,
        environment=environment,
        source=SOURCE,
        occurred_at=now,
        summary=_found(result["audited"], count) + (f"; the tags of {unread} could not be read" if unread else ""),
        runbook=RUNBOOK,
        dedupe_key=f"data.audit_finished {run}",
        details=details,
    )


def _found(audited: Detail, count: int) -> str:
    if count:
        return f"{count} of {audited} objects have no tags, or not those their names call for"
    return f"All {audited} objects have the tags their names call for"


def stalled(environment: str, now: datetime, run: str, problem: str) -> Notice:
    """An audit cannot go on; it stays open and tries again every quarter of an hour."""
    return Notice(
        kind="data.audit_stalled",
        severity=Severity.CRITICAL,
        environment=environment,
        source=SOURCE,
        occurred_at=now,
        summary="The audit of tags cannot go on and tries again every quarter of an hour",
        runbook=RUNBOOK,
        dedupe_key=f"data.audit_stalled {run}",
        details={"run": run, "problem": problem},
    )
