"""Known bugs, put into the functions' real code one at a time. Each must break a promise."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

BUGS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {}


def bug(make: Callable[[pytest.MonkeyPatch], None]) -> Callable[[pytest.MonkeyPatch], None]:
    """Enter a bug; the function's name is the bug's."""
    BUGS[make.__name__] = make
    return make


# Tagging --------------------------------------------------------------------------------------------------------------


@bug
def tagger_overwrites_the_tags_of_others(patch: pytest.MonkeyPatch) -> None:
    from common import tags

    def overwrite(present: Any, wanted: Any, catalogue: Any) -> tags.Decision:
        del catalogue
        return tags.Keep() if dict(present) == dict(wanted) else tags.Write(wanted)

    patch.setattr(tags, "merge", overwrite)


@bug
def tagger_lowers_what_a_custodian_has_marked(patch: pytest.MonkeyPatch) -> None:
    from common import tags

    patch.setattr(tags, "_rank_present", lambda present, catalogue: -1)


@bug
def tagger_tags_the_current_version_instead_of_the_reported_one(patch: pytest.MonkeyPatch) -> None:
    from object_tagger import tagger
    from object_tagger.domain import aim_of as real

    def aim_at_current(entry: Any, unverified: Any, catalogue: Any) -> Any:
        return real(dataclasses.replace(entry, version_id=None), unverified, catalogue)

    patch.setattr(tagger, "aim_of", aim_at_current)


@bug
def tagger_guesses_the_class_of_a_bad_name_from_its_folder(patch: pytest.MonkeyPatch) -> None:
    from common import tagging
    from common.classification import Classification, Unclassified
    from common.classification import classify as real

    def guess(key: str, catalogue: Any) -> Any:
        verdict = real(key, catalogue)
        found = next((each for each in catalogue.classes.values() if key.startswith(f"{each.prefix}/")), None)
        if not isinstance(verdict, Unclassified) or found is None:
            return verdict
        return Classification(found.name, found.sensitivity, "p", "s", "S1", "", "bam")

    patch.setattr(tagging, "classify", guess)


@bug
def tagger_takes_every_call_for_the_first(patch: pytest.MonkeyPatch) -> None:
    """It writes without reading; on a replay that costs the tags others have added since."""
    from object_tagger import receipts, tagger

    def begin(self: Any, execution_id: str, now: Any) -> bool:
        del self, execution_id, now
        return True

    patch.setattr(receipts.Receipts, "begin", begin)
    patch.setattr(tagger, "is_fresh", lambda started_at, now: True)


@bug
def tagger_ignores_transfers_that_failed(patch: pytest.MonkeyPatch) -> None:
    from object_tagger.tagger import Tagger

    real = Tagger.run

    def run(self: Any, event: Any, clock: Any) -> Any:
        return real(self, event, clock) if event.state == "SUCCESS" else {}

    patch.setattr(Tagger, "run", run)


# The transfer ---------------------------------------------------------------------------------------------------------


@bug
def starter_starts_although_one_is_under_way(patch: pytest.MonkeyPatch) -> None:
    from transfer_starter import domain, starter

    real = domain.decide

    def eager(task: Any, now: Any, stuck_after: Any) -> domain.Decision:
        ended = dataclasses.replace(
            task, status="AVAILABLE", executions=tuple(each for each in task.executions if not each.is_under_way)
        )
        return real(ended, now, stuck_after)

    patch.setattr(starter, "decide", eager)


@bug
def starter_waits_for_people_after_a_failed_transfer(patch: pytest.MonkeyPatch) -> None:
    from transfer_starter import domain, starter

    real = domain.decide

    def timid(task: Any, now: Any, stuck_after: Any) -> domain.Decision:
        decision = real(task, now, stuck_after)
        if isinstance(decision, domain.Start) and decision.failed_before is not None:
            return domain.Refuse("the last transfer failed")
        return decision

    patch.setattr(starter, "decide", timid)
