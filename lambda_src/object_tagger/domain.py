"""What to do with each line of a task report. Pure: no calls, no clock, no environment."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime, timedelta

from common.catalogue import Catalogue
from common.tagging import Aim, Outcome, Result, aim_at
from object_tagger.report import Entry

# Versions of a transfer that began so lately are written without reading their tags first (docs/adr/0011).
FRESH = timedelta(hours=1)


def aim_of(entry: Entry, unverified: Set[str], catalogue: Catalogue) -> Aim | Result:
    """What a line of the report asks for: tags, or nothing."""
    if not entry.was_transferred:
        return Result(entry.key, Outcome.NOT_TRANSFERRED)
    if entry.is_directory:
        return Result(entry.key, Outcome.NOT_A_FILE)
    if entry.key in unverified:
        return Result(entry.key, Outcome.NOT_VERIFIED, detail="the copy differs from the file")
    return aim_at(entry.key, entry.version_id, catalogue)


def is_fresh(started_at: datetime | None, now: datetime) -> bool:
    """Whether nobody is likely to have tagged what this transfer brought."""
    return started_at is not None and timedelta(0) <= now - started_at < FRESH
