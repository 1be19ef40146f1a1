"""What to do with each line of a task report. Pure: no calls, no clock, no environment."""

from __future__ import annotations

from common.catalogue import Catalogue
from common.tagging import Aim, Outcome, Result, aim_at
from object_tagger.report import Entry


def aim_of(entry: Entry, catalogue: Catalogue) -> Aim | Result:
    """What a line of the report asks for: tags, or nothing."""
    if not entry.was_transferred:
        return Result(entry.key, Outcome.NOT_TRANSFERRED)
    if entry.is_directory:
        return Result(entry.key, Outcome.NOT_A_FILE)
    return aim_at(entry.key, entry.version_id, catalogue)
