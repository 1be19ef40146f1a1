"""Brings objects' tags to what their names say: the one way, for every function that tags.

What is tagged rightly is not written again, so any run may be repeated at any time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from common import tags
from common.catalogue import Catalogue
from common.classification import Classification, NotAFile, Reason, Unclassified, classify
from common.clock import MARGIN_SECONDS, Clock
from common.failures import ACCESS_DENIED, code_of, is_transient
from common.lake import Lake
from common.notices import Detail, Listing
from common.s3_calls import ReadTags, WriteTags
from common.wire import Steps

# Objects that failed for a passing reason are tried again after these pauses, on top of boto3's own retries.
PAUSES_SECONDS = (5.0, 20.0)
# A run with more failures than this is not a run with failures but a broken service.
TRY_AGAIN_LIMIT = 10_000
# After so many refusals one after the other the role, the policy or the bucket is wrong: each further call is noise.
REFUSALS_IN_A_ROW = 5
# A list in a notice is cut to what fits (common/notices.py); more than this is not even remembered.
REMEMBERED = 1000

_REFUSED = ACCESS_DENIED | {
    "AllAccessDisabled",
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "NoSuchBucket",
    "PermanentRedirect",
    "SignatureDoesNotMatch",
}
_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "404"})


class TaggingIncomplete(RuntimeError):
    """The run did not tag everything; it is to be repeated."""


class Outcome(StrEnum):
    """What became of one object."""

    TAGGED = "tagged"
    UNCHANGED = "unchanged"
    NOT_A_FILE = "not_a_file"
    NOT_TRANSFERRED = "not_transferred"
    NOT_VERIFIED = "not_verified"
    VANISHED = "vanished"
    DELETE_MARKER = "delete_marker"
    CONFLICT = "conflict"
    TAG_QUOTA = "tag_quota"
    ILLEGAL_TAG = "illegal_tag"
    TRY_AGAIN = "try_again"
    REFUSED = "refused"
    FAILED = "failed"


# Nothing was written, and another try would find the same: a person decides.
LEFT_AS_IS = frozenset({Outcome.CONFLICT, Outcome.TAG_QUOTA, Outcome.ILLEGAL_TAG})
# The object has no tags although it should have: the run is not done.
NOT_DONE = frozenset({Outcome.TRY_AGAIN, Outcome.REFUSED, Outcome.FAILED})


@dataclass(frozen=True)
class Aim:
    """The governed tags an object should have; ``unclassified`` says why if its name fits no class."""

    key: str
    version_id: str | None
    tags: Mapping[str, str]
    unclassified: Reason | None = None


@dataclass(frozen=True)
class Result:
    """What became of one object, and why where that needs saying."""

    key: str
    outcome: Outcome
    aim: Aim | None = None
    detail: str = ""


def aim_at(key: str, version_id: str | None, catalogue: Catalogue) -> Aim | Result:
    """The tags the object's name asks for; a result where there is nothing to tag."""
    match classify(key, catalogue):
        case Classification() as found:
            return Aim(key, version_id, found.tags)
        case Unclassified(reason=reason):
            return Aim(key, version_id, dict(catalogue.unclassified), reason)
        case NotAFile():
            return Result(key, Outcome.NOT_A_FILE)


def bring(aim: Aim, catalogue: Catalogue) -> Steps[Result]:
    """Read one object's tags, merge, write what changes. Never raises for a failed call."""
    try:
        present, version_id = yield ReadTags(aim.key, aim.version_id)
        match tags.merge(present, aim.tags, catalogue):
            case tags.Keep():
                return Result(aim.key, Outcome.UNCHANGED, aim)
            case tags.Write(tags=merged):
                if version_id is None:
                    return Result(aim.key, Outcome.FAILED, aim, "the bucket is not versioned: nothing was written")
                yield WriteTags(aim.key, version_id, merged)
                return Result(aim.key, Outcome.TAGGED, aim)
            case tags.Conflict(present=now, wanted=wanted):
                return Result(aim.key, Outcome.CONFLICT, aim, f"the object is {now}, the name says {wanted}")
            case tags.QuotaExceeded(foreign=foreign):
                return Result(aim.key, Outcome.TAG_QUOTA, aim, f"{foreign} other tags leave no room for ours")
            case tags.Illegal(key=name):
                return Result(aim.key, Outcome.ILLEGAL_TAG, aim, f"S3 would refuse the value of {name}")
    except (ClientError, BotoCoreError) as error:
        return failure(aim, error)


def bring_new(aim: Aim, catalogue: Catalogue) -> Steps[Result]:
    """Write the tags of a version that nobody can have tagged yet, without reading them first; else as :func:`bring`.

    For versions made moments ago, whose id is known (docs/adr/0011); it halves the calls.
    """
    decision = tags.merge({}, aim.tags, catalogue)
    if aim.version_id is None or not isinstance(decision, tags.Write):
        return (yield from bring(aim, catalogue))
    try:
        yield WriteTags(aim.key, aim.version_id, decision.tags)
    except (ClientError, BotoCoreError) as error:
        return failure(aim, error)
    return Result(aim.key, Outcome.TAGGED, aim)


def dry[R](steps: Steps[R], note: Callable[[WriteTags], None]) -> Steps[R]:
    """The same steps, of which only those that read are made; ``note`` is told of the others."""
    found: Any = None
    try:
        call = next(steps)
        while True:
            if isinstance(call, WriteTags):
                note(call)
                found = None
            else:
                try:
                    found = yield call
                except (ClientError, BotoCoreError) as error:
                    call = steps.throw(error)
                    continue
            call = steps.send(found)
    except StopIteration as done:
        result: R = done.value
        return result


def failure(aim: Aim, error: ClientError | BotoCoreError) -> Result:
    """What a failed call means for the object."""
    code = code_of(error)
    if code in _GONE:
        return Result(aim.key, Outcome.VANISHED, aim)
    if code == "MethodNotAllowed":  # S3's answer for the tags of a delete marker
        return Result(aim.key, Outcome.DELETE_MARKER, aim)
    if code in _REFUSED:
        return Result(aim.key, Outcome.REFUSED, aim, code)
    return Result(aim.key, Outcome.TRY_AGAIN if is_transient(error) else Outcome.FAILED, aim, code)


@dataclass
class Tally:
    """Counts the results of a run and remembers those that people are told of."""

    counts: Counter[Outcome] = field(default_factory=Counter)
    unclassified_count: int = 0
    _unclassified: list[Mapping[str, Detail]] = field(default_factory=list)
    _left_as_is: list[Mapping[str, Detail]] = field(default_factory=list)
    _not_done: list[Mapping[str, Detail]] = field(default_factory=list)
    _not_verified: list[Mapping[str, Detail]] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Take in a final result."""
        self.counts[result.outcome] += 1
        reason = result.aim.unclassified if result.aim is not None else None
        if reason is not None and result.outcome in (Outcome.TAGGED, Outcome.UNCHANGED):
            self.unclassified_count += 1
            _remember(self._unclassified, result.key, reason.value)
        if result.outcome in LEFT_AS_IS:
            _remember(self._left_as_is, result.key, f"{result.outcome}: {result.detail}")
        if result.outcome in NOT_DONE:
            _remember(self._not_done, result.key, result.detail)
        if result.outcome is Outcome.NOT_VERIFIED:
            _remember(self._not_verified, result.key, result.detail)

    def count_of(self, outcomes: frozenset[Outcome]) -> int:
        """How many objects came to one of ``outcomes``."""
        return sum(self.counts[each] for each in outcomes)

    @property
    def unclassified(self) -> Listing:
        """Objects whose name fits no class, now marked so."""
        return Listing(self._unclassified, self.unclassified_count)

    @property
    def left_as_is(self) -> Listing:
        """Objects whose tags a person has to decide on."""
        return Listing(self._left_as_is, self.count_of(LEFT_AS_IS))

    @property
    def not_done(self) -> Listing:
        """Objects that could not be tagged."""
        return Listing(self._not_done, self.count_of(NOT_DONE))

    @property
    def not_verified(self) -> Listing:
        """Objects whose copy failed DataSync's verification; they are left untagged."""
        return Listing(self._not_verified, self.counts[Outcome.NOT_VERIFIED])

    def summary(self) -> dict[str, int]:
        """The counts, for the log, the reply and the notices."""
        counts: dict[str, int] = {outcome.value: self.counts[outcome] for outcome in Outcome if self.counts[outcome]}
        return counts | {"unclassified": self.unclassified_count}


def _remember(items: list[Mapping[str, Detail]], key: str, reason: str) -> None:
    if len(items) < REMEMBERED:
        items.append({"key": key, "reason": reason})


def carry_out(
    work: Iterable[Aim | Result],
    tag: Callable[[Aim], Steps[Result]],
    lake: Lake,
    tally: Tally,
    clock: Clock,
    tried_again: Callable[[int], None] = lambda _: None,
) -> None:
    """``tag`` each aim in the ``lake`` and tally the results, those of ``work`` too.

    What failed for a passing reason is tried again after pauses. ``tried_again`` is told how many objects that were.

    Raises:
        TaggingIncomplete: refused again and again, or more failures than a run can have; the tally is complete.
        Whatever the iteration of ``work`` raises.
    """
    again = _pass(work, tag, lake, tally)
    for pause in PAUSES_SECONDS:
        if not again or clock.remaining_seconds() < MARGIN_SECONDS + pause:
            break
        tried_again(len(again))
        clock.wait(pause)
        again = _pass([each.aim for each in again if each.aim is not None], tag, lake, tally)
    for each in again:
        tally.add(each)


def _nothing(result: Result) -> Steps[Result]:
    """The steps of what needs no call."""
    return result
    yield


def _pass(work: Iterable[Aim | Result], tag: Callable[[Aim], Steps[Result]], lake: Lake, tally: Tally) -> list[Result]:
    """Tag each and tally what is final; the rest is returned, to be tried again."""
    again: list[Result] = []
    refusals = 0
    try:
        for result in lake.run(lambda each: _nothing(each) if isinstance(each, Result) else tag(each), work):
            if result.outcome is Outcome.TRY_AGAIN:
                again.append(result)
            else:
                tally.add(result)
            if result.aim is not None:  # else no call was made for it
                refusals = refusals + 1 if result.outcome is Outcome.REFUSED else 0
            if refusals >= REFUSALS_IN_A_ROW:
                raise TaggingIncomplete(f"stopped after {refusals} refusals in a row: {result.detail}")
            if len(again) >= TRY_AGAIN_LIMIT:
                raise TaggingIncomplete(f"stopped after {len(again)} failures, the last one: {result.detail}")
    except Exception:
        for each in again:
            tally.add(each)
        raise
    return again
