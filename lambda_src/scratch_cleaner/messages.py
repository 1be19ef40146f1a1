"""What scratch_cleaner tells people. Names of files go into notices (encrypted topic) and never into the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from common.notices import Detail, Listing, Notice, Severity

SOURCE = "scratch_cleaner"
RUNBOOK = "docs/runbooks/scratch-cleaner.md"


def _notice(
    kind: str,
    severity: Severity,
    environment: str,
    now: datetime,
    directory: str,
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
        dedupe_key=f"{kind} {directory} {run}",
        details={"directory": directory, "run": run} | dict(details),
    )


def started(environment: str, now: datetime, directory: str, run: str, last: Mapping[str, Detail]) -> Notice:
    """A cleaning begins."""
    return _notice(
        "storage.cleaning_started",
        Severity.INFO,
        environment,
        now,
        directory,
        run,
        f"The cleaning of {directory} begins",
        {"last_run": last},
    )


def finished(
    environment: str,
    now: datetime,
    directory: str,
    run: str,
    result: Mapping[str, Detail],
    doubtful: Sequence[Mapping[str, str]],
    doubtful_count: int,
    *,
    dry_run: bool,
) -> Notice:
    """A cleaning came to its end; a warning where files stay that people should look into."""
    done = "would remove" if dry_run else "removed"
    return _notice(
        "storage.cleaning_finished",
        Severity.WARNING if doubtful_count else Severity.INFO,
        environment,
        now,
        directory,
        run,
        f"The cleaning of {directory} {done} {result['files']} files of {result['bytes']} bytes"
        + (f"; {doubtful_count} old ones stay and need a person's eye" if doubtful_count else ""),
        {"dry_run": dry_run, "result": result, "staying": Listing(doubtful, doubtful_count)},
    )


def stalled(environment: str, now: datetime, directory: str, run: str, problem: str) -> Notice:
    """A run cannot go on; it stays open and tries again every quarter of an hour."""
    return _notice(
        "storage.cleaning_stalled",
        Severity.CRITICAL,
        environment,
        now,
        directory,
        run,
        f"The cleaning of {directory} cannot go on and tries again every quarter of an hour",
        {"problem": problem},
    )
