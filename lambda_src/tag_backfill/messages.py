"""What tag_backfill tells people. Names of files go into notices, whose topic is encrypted, and never into the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from common.notices import Detail, Listing, Notice, Severity

SOURCE = "tag_backfill"
RUNBOOK = "docs/runbooks/tag-backfill.md"


def _notice(
    kind: str,
    severity: Severity,
    environment: str,
    now: datetime,
    run: str,
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
        dedupe_key=f"{kind} {run}",
        details={"run": run} | dict(details),
    )


def estimated(environment: str, now: datetime, run: str, estimate: Mapping[str, Detail]) -> Notice:
    """What a backfill would do; nothing was written."""
    return _notice(
        "data.backfill_estimated",
        Severity.INFO,
        environment,
        now,
        run,
        f"A backfill would tag {estimate['to_write']} of {estimate['objects']} objects; nothing was written",
        {"estimate": estimate},
    )


def finished(
    environment: str, now: datetime, run: str, result: Mapping[str, Detail], examples: Sequence[Mapping[str, str]]
) -> Notice:
    """A backfill came to its end; a warning where a person has to decide on objects."""
    doubtful = _number(result["left_as_is_count"]) + _number(result["unclassified_count"])
    return _notice(
        "data.backfill_finished",
        Severity.WARNING if doubtful else Severity.INFO,
        environment,
        now,
        run,
        f"The backfill tagged {result['written']} of {result['objects']} objects"
        + (f"; {doubtful} need a person's eye" if doubtful else ""),
        {"result": result, "examples": Listing(examples, doubtful)},
    )


def incomplete(
    environment: str, now: datetime, run: str, result: Mapping[str, Detail], examples: Sequence[Mapping[str, str]]
) -> Notice:
    """A backfill came to its end and left objects untagged that it should have tagged."""
    return _notice(
        "data.backfill_incomplete",
        Severity.CRITICAL,
        environment,
        now,
        run,
        f"The backfill could not tag {result['not_done_count']} of {result['objects']} objects",
        {"result": result, "examples": Listing(examples, _number(result["not_done_count"]))},
    )


def stalled(environment: str, now: datetime, run: str, problem: str) -> Notice:
    """A run cannot go on; it stays open and tries again every quarter of an hour."""
    return _notice(
        "data.backfill_stalled",
        Severity.CRITICAL,
        environment,
        now,
        run,
        "The backfill cannot go on and tries again every quarter of an hour",
        {"problem": problem},
    )


def _number(value: Detail) -> int:
    return value if isinstance(value, int) else 0
