"""Carries out a run: find the report, tag what it lists, count, tell.

A run may be repeated at any time: what is tagged rightly is not written again. So every failure that another try may
cure is raised, and Lambda's retries and the dead-letter queue do the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from common import tags
from common.catalogue import Catalogue
from common.failures import ACCESS_DENIED, code_of, is_transient
from common.notices import Notice
from common.parallel import in_parallel
from common.publisher import NoticeNotSent, Publisher
from common.transfer_event import TransferEvent
from object_tagger import messages
from object_tagger.aws import ExecutionFacts
from object_tagger.config import Config
from object_tagger.domain import NOT_DONE, Aim, Outcome, Result, Tally, aim_of
from object_tagger.report import Entry, ReportUnreadable, folder_of, read_part

# Before Lambda's timeout: time for calls under way, the notice and the reply.
MARGIN_SECONDS = 30.0
# DataSync may send its event a moment before the report is complete.
REPORT_WAIT_SECONDS = 60.0
REPORT_POLL_SECONDS = 5.0
# Objects that failed for a passing reason are tried again after these pauses, on top of boto3's own retries.
PAUSES_SECONDS = (5.0, 20.0)
# A run with more failures than this is not a run with failures but a broken service.
TRY_AGAIN_LIMIT = 10_000
# After so many refusals one after the other the role, the policy or the bucket is wrong: each further call is noise.
REFUSALS_IN_A_ROW = 5

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


class ReportNotReady(RuntimeError):
    """The task report is not complete yet; the run is to be repeated."""


class Lake(Protocol):
    """Tags of objects."""

    def read_tags(self, key: str, version_id: str | None) -> tuple[dict[str, str], str | None]: ...
    def write_tags(self, key: str, version_id: str | None, tags: Mapping[str, str]) -> None: ...


class Reports(Protocol):
    """Task reports."""

    def parts(self, folder: str, execution_id: str) -> list[str]: ...
    def open(self, key: str) -> AbstractContextManager[IO[bytes]]: ...


class Executions(Protocol):
    """Executions of the transfer."""

    def describe(self, arn: str) -> ExecutionFacts: ...


@dataclass(frozen=True)
class Time:
    """Time as a run needs it: the date, the seconds until Lambda stops us, and waiting."""

    now: Callable[[], datetime]
    remaining_seconds: Callable[[], float]
    wait: Callable[[float], None]

    @property
    def is_short(self) -> bool:
        """Whether to stop taking on work."""
        return self.remaining_seconds() < MARGIN_SECONDS


@dataclass(frozen=True)
class Tagger:
    """Tags what an execution of the transfer brought into the data lake."""

    config: Config
    catalogue: Catalogue
    lake: Lake
    reports: Reports
    executions: Executions
    publisher: Publisher
    logger: Logger
    metrics: Metrics

    def run(self, event: TransferEvent, time: Time) -> dict[str, int]:
        """Tag everything the execution's report lists and return the counts.

        Raises:
            ReportNotReady: the report is not there yet.
            TaggingIncomplete: objects are left untagged; a notice has been sent.
            NoticeNotSent: all is tagged, but SNS did not take the notice.
        """
        tally = Tally()
        try:
            parts = self._await_parts(event, time)
            self._tag_all(self._entries(parts), tally, time)
        except (ClientError, BotoCoreError, ReportUnreadable) as error:
            problem = f"the task report cannot be read: {error}"
        except TaggingIncomplete as error:
            problem = str(error)
        else:
            left = tally.not_done.total
            problem = f"{left} objects could not be tagged" if left else ""
        self._count(tally)
        self.logger.info("tagged what was transferred", extra={"counts": tally.summary(), "problem": problem})
        if problem:
            self.publisher.publish(
                self.config.topic_arn,
                messages.tagging_failed(self.config.environment, time.now(), event.execution_arn, problem, tally),
            )
            raise TaggingIncomplete(f"{event.execution_id}: {problem}")
        if tally.unclassified.total:
            self._tell(messages.unclassified(self.config.environment, time.now(), event.execution_arn, tally))
        if tally.left_as_is.total:
            self._tell(messages.tags_refused(self.config.environment, time.now(), event.execution_arn, tally))
        return tally.summary()

    def _await_parts(self, event: TransferEvent, time: Time) -> list[str]:
        folder = folder_of(self.config.report_prefix, self.config.task_arn, event.execution_id)
        waited = 0.0
        while True:
            facts = self.executions.describe(event.execution_arn)
            if facts.report_status == "ERROR":
                raise ReportUnreadable(f"DataSync could not write it: {facts.report_error or 'no reason given'}")
            parts = self.reports.parts(folder, event.execution_id) if facts.report_status != "PENDING" else []
            if parts or (facts.files_transferred == 0 and facts.report_status != "PENDING"):
                return parts
            if waited >= REPORT_WAIT_SECONDS or time.is_short:
                raise ReportNotReady(
                    f"no complete list of transferred files below s3://{self.config.reports_bucket}/{folder} after "
                    f"{waited:.0f} s, though {facts.files_transferred} files were transferred; Lambda tries again"
                )
            time.wait(REPORT_POLL_SECONDS)
            waited += REPORT_POLL_SECONDS

    def _entries(self, parts: list[str]) -> Iterator[Entry]:
        for part in parts:
            with self.reports.open(part) as body:
                yield from read_part(body, part)

    def _tag_all(self, entries: Iterable[Entry], tally: Tally, time: Time) -> None:
        again = self._pass(self._until_short(entries, time), tally)
        for pause in PAUSES_SECONDS:
            if not again or time.remaining_seconds() < MARGIN_SECONDS + pause:
                break
            self.metrics.add_metric("ObjectsTriedAgain", MetricUnit.Count, len(again))
            time.wait(pause)
            again = self._pass((each.aim for each in again if each.aim is not None), tally)
        for each in again:
            tally.add(each)

    def _pass(self, work: Iterable[Entry | Aim], tally: Tally) -> list[Result]:
        """Tag one after the other and tally what is final; the rest is returned, to be tried again."""
        again: list[Result] = []
        refusals = 0
        try:
            for result in in_parallel(self._tag, work, self.config.workers):
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
        except (TaggingIncomplete, ReportUnreadable, ClientError, BotoCoreError):
            for each in again:
                tally.add(each)
            raise
        return again

    def _until_short(self, entries: Iterable[Entry], time: Time) -> Iterator[Entry]:
        for entry in entries:
            if time.is_short:
                raise TaggingIncomplete("Lambda's time is nearly over; the next try finds these tags and goes on")
            yield entry

    def _tag(self, work: Entry | Aim) -> Result:
        """Bring one object's tags to what they should be. Runs in a thread; never raises for a failed call."""
        aim = aim_of(work, self.catalogue) if isinstance(work, Entry) else work
        if isinstance(aim, Result):
            return aim
        try:
            present, version_id = self.lake.read_tags(aim.key, aim.version_id)
            match tags.merge(present, aim.tags, self.catalogue):
                case tags.Keep():
                    return Result(aim.key, Outcome.UNCHANGED, aim)
                case tags.Write(tags=merged):
                    self.lake.write_tags(aim.key, version_id, merged)
                    return Result(aim.key, Outcome.TAGGED, aim)
                case tags.Conflict(present=now, wanted=wanted):
                    return Result(aim.key, Outcome.CONFLICT, aim, f"the object is {now}, the name says {wanted}")
                case tags.QuotaExceeded(foreign=foreign):
                    return Result(aim.key, Outcome.TAG_QUOTA, aim, f"{foreign} other tags leave no room for ours")
                case tags.Illegal(key=name):
                    return Result(aim.key, Outcome.ILLEGAL_TAG, aim, f"S3 would refuse the value of {name}")
        except (ClientError, BotoCoreError) as error:
            return _failure(aim, error)

    def _count(self, tally: Tally) -> None:
        for name, count in (
            ("ObjectsTagged", tally.counts[Outcome.TAGGED]),
            ("ObjectsUnchanged", tally.counts[Outcome.UNCHANGED]),
            ("ObjectsUnclassified", tally.unclassified.total),
            ("ObjectsLeftAsIs", tally.left_as_is.total),
            ("TagFailures", tally.count_of(NOT_DONE)),
        ):
            self.metrics.add_metric(name, MetricUnit.Count, count)

    def _tell(self, notice: Notice) -> None:
        if not self.publisher.publish(self.config.topic_arn, notice):
            raise NoticeNotSent(f"{notice.kind}: SNS did not take the notice; the run is repeated to send it again")


def _failure(aim: Aim, error: ClientError | BotoCoreError) -> Result:
    code = code_of(error)
    if code in _GONE:
        return Result(aim.key, Outcome.VANISHED, aim)
    if code == "MethodNotAllowed":  # S3's answer for the tags of a delete marker
        return Result(aim.key, Outcome.DELETE_MARKER, aim)
    if code in _REFUSED:
        return Result(aim.key, Outcome.REFUSED, aim, code)
    return Result(aim.key, Outcome.TRY_AGAIN if is_transient(error) else Outcome.FAILED, aim, code)
