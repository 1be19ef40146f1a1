"""Decides what a look at the transfer's executions calls for. Pure: no calls, no clock, no environment.

DataSync sends its events at best effort (https://docs.aws.amazon.com/datasync/latest/userguide/events.html), and a
schedule can be missed. So: what should have happened is compared with what has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.slots import CALLED_EVERY, slot_of

# A slot or an ending older than this has been told, or was before our time.
LOOK_BACK = timedelta(hours=24)
# So long after the last call of the starter in a slot its transfer must have begun: most retries are over.
PATIENCE_WITH_STARTER = timedelta(minutes=10)
# So long after its end an execution must have been tagged: tagging may take Lambda's 15 minutes, and be tried again.
PATIENCE_WITH_TAGGER = timedelta(minutes=30)
# A tagger that began so lately may still be at work.
TAGGER_AT_WORK = timedelta(minutes=16)
ATTEMPTS = 3


@dataclass(frozen=True)
class Span:
    """When an execution began and ended; ``ended_at`` is ``None`` while it is under way."""

    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Execution:
    """An execution as DataSync describes it. ``started_at`` is ``None`` while it is queued."""

    arn: str
    id: str
    state: str
    started_at: datetime | None
    ended_at: datetime | None
    report_failed: bool
    has_ended: bool


@dataclass(frozen=True)
class Receipt:
    """What the tagger says of an execution: ``""`` (nothing), ``begun``, ``incomplete`` or ``done``, and since when."""

    status: str
    at: datetime | None


def latest_success(executions: Iterable[Execution], before: datetime | None) -> datetime | None:
    """When the latest execution that succeeded began: what was published until then is in the lake. ``before`` is what
    was known already."""
    begun = [each.started_at for each in executions if each.state == "SUCCESS" and each.started_at]
    return max([*begun, *([before] if before else [])], default=None)


@dataclass(frozen=True)
class Settled:
    """Nothing is left to do."""


@dataclass(frozen=True)
class Wait:
    """Too early to tell."""


@dataclass(frozen=True)
class Tag:
    """Call the tagger with the event that should have come."""

    attempt: int


@dataclass(frozen=True)
class Backfill:
    """The report is missing for good: tag everything written since the execution began."""

    since: datetime


@dataclass(frozen=True)
class GiveUp:
    """Three calls did not help: a person must look."""


type Action = Settled | Wait | Tag | Backfill | GiveUp


def missed_slots(
    spans: Iterable[Span], every: timedelta, began: datetime, judged_until: datetime | None, now: datetime
) -> tuple[list[datetime], datetime | None]:
    """The slots, ``every`` long, without a transfer that have not been judged yet, and the last slot judged now.

    A slot is served if a transfer began in it, or was under way when it began. ``began`` is when this function first
    ran: slots before it are nobody's business.
    """
    served = list(spans)
    after_judged = judged_until + every if judged_until else began
    slot = max(slot_of(began, every) + every, slot_of(now - LOOK_BACK, every), after_judged)
    missed, last = [], judged_until
    while slot + every - CALLED_EVERY + PATIENCE_WITH_STARTER <= now:
        if not any(_serves(span, slot, every, now) for span in served):
            missed.append(slot)
        last = slot
        slot += every
    return missed, last


def _serves(span: Span, slot: datetime, every: timedelta, now: datetime) -> bool:
    ended = span.ended_at or now
    began_in_it = slot_of(span.started_at, every) == slot
    return began_in_it or span.started_at < slot <= ended


def runs_of(slots: list[datetime], every: timedelta) -> list[list[datetime]]:
    """Neighbouring slots together, so that a night without transfers is one notice."""
    runs: list[list[datetime]] = []
    for slot in slots:
        if runs and runs[-1][-1] + every == slot:
            runs[-1].append(slot)
        else:
            runs.append([slot])
    return runs


def action_for(execution: Execution, receipt: Receipt, attempts: int, now: datetime) -> Action:
    """What an ended execution calls for."""
    if receipt.status == "done":
        return Settled()
    ended_at = execution.ended_at or execution.started_at
    if not execution.has_ended or ended_at is None or now - ended_at < PATIENCE_WITH_TAGGER:
        return Wait()
    if execution.report_failed:
        return Backfill(execution.started_at or ended_at)
    if receipt.status == "begun" and receipt.at is not None and timedelta(0) <= now - receipt.at < TAGGER_AT_WORK:
        return Wait()
    return Tag(attempts + 1) if attempts < ATTEMPTS else GiveUp()


def is_before_our_time(execution: Execution, began: datetime) -> bool:
    """Whether an execution ended so long before the first run that its tags are the auditor's business."""
    ended_at = execution.ended_at or execution.started_at
    return execution.has_ended and ended_at is not None and ended_at < began - LOOK_BACK


def forget(
    remembered: Mapping[str, Span | None], listed: Iterable[str], every: timedelta, now: datetime
) -> dict[str, Span | None]:
    """What is still worth remembering: DataSync forgets executions after a month, and so do we; when one ran is of no
    use once the slots of its time are judged for good."""
    known, oldest = set(listed), slot_of(now - LOOK_BACK, every) - every
    return {
        name: span if span is not None and (span.ended_at or now) >= oldest else None
        for name, span in remembered.items()
        if name in known
    }
