"""Carries out a run: find the report, tag what it lists, count, tell.

A run may be repeated at any time: what is tagged rightly is not written again. So every failure that another try may
cure is raised, and Lambda's retries and the dead-letter queue do the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from common.catalogue import Catalogue
from common.clock import Clock
from common.lake import Lake
from common.notices import Notice
from common.publisher import NoticeNotSent, Publisher
from common.state import StateConflict, StateUnreadable
from common.tagging import (
    NOT_DONE,
    Aim,
    Outcome,
    Result,
    TaggingIncomplete,
    Tally,
    bring,
    bring_new,
    carry_out,
)
from common.transfer_event import TransferEvent
from common.transfers import Transfer
from common.wire import Steps
from object_tagger import messages
from object_tagger.aws import ExecutionFacts, Parts
from object_tagger.config import Config
from object_tagger.domain import aim_of, is_fresh
from object_tagger.receipts import DONE, INCOMPLETE, Receipts
from object_tagger.report import Entry, ReportUnreadable, folder_of, read_part, read_unverified

# DataSync may send its event a moment before the report is complete.
REPORT_WAIT_SECONDS = 60.0
REPORT_POLL_SECONDS = 5.0


class ReportNotReady(RuntimeError):
    """The task report is not complete yet; the run is to be repeated."""


class Reports(Protocol):
    """Task reports."""

    def parts(self, folder: str, execution_id: str) -> Parts: ...
    def open(self, key: str) -> AbstractContextManager[IO[bytes]]: ...


class Executions(Protocol):
    """Executions of the transfers."""

    def describe(self, arn: str) -> ExecutionFacts: ...


@dataclass(frozen=True)
class Tagger:
    """Tags what an execution of a transfer brought into the data lake."""

    config: Config
    catalogue: Catalogue
    lake: Lake
    reports: Reports
    receipts: Receipts
    executions: Executions
    publisher: Publisher
    logger: Logger
    metrics: Metrics

    def run(self, event: TransferEvent, clock: Clock) -> dict[str, int]:
        """Tag everything the execution's report lists and return the counts.

        Raises:
            ReportNotReady: the report is not there yet.
            TaggingIncomplete: objects are left untagged; a notice has been sent.
            NoticeNotSent: all is tagged, but SNS did not take the notice.
        """
        tally = Tally()
        try:
            is_first = self.receipts.begin(event.execution_id, clock.now())
            parts, facts = self._await_parts(event, clock)
            unverified = set(self._unverified(parts.verified, event.transfer))
            fresh = is_first and not self.config.read_tags_first and is_fresh(facts.started_at, clock.now())
            self._tag_all(self._entries(parts.transferred, event.transfer), unverified, fresh, tally, clock)
        except (ClientError, BotoCoreError, ReportUnreadable) as error:
            problem = f"the task report cannot be read: {error}"
        except TaggingIncomplete as error:
            problem = str(error)
        else:
            left = tally.not_done.total
            problem = f"{left} objects could not be tagged" if left else ""
        self._count(tally)
        self.logger.info("tagged what was transferred", extra={"counts": tally.summary(), "problem": problem})
        self._end_receipt(event.execution_id, INCOMPLETE if problem else DONE, tally, clock)
        if problem:
            self.publisher.publish(
                self.config.topic_arn,
                messages.tagging_failed(self.config.environment, clock.now(), event, problem, tally),
            )
            raise TaggingIncomplete(f"{event.execution_id}: {problem}")
        if tally.unclassified.total:
            self._tell(messages.unclassified(self.config.environment, clock.now(), event, tally))
        if tally.left_as_is.total:
            self._tell(messages.tags_refused(self.config.environment, clock.now(), event, tally))
        if tally.not_verified.total:
            self._tell(messages.not_verified(self.config.environment, clock.now(), event, tally))
        return tally.summary()

    def _end_receipt(self, execution_id: str, status: str, tally: Tally, clock: Clock) -> None:
        try:
            self.receipts.end(execution_id, clock.now(), status, tally.summary())
        except (ClientError, BotoCoreError, StateConflict, StateUnreadable) as error:
            # Without its receipt the execution is tagged once more by the reconciler, which does no harm.
            self.logger.warning("the receipt was not written", extra={"problem": str(error)})

    def _await_parts(self, event: TransferEvent, clock: Clock) -> tuple[Parts, ExecutionFacts]:
        folder = folder_of(event.transfer, event.execution_id)
        waited = 0.0
        while True:
            facts = self.executions.describe(event.execution_arn)
            if facts.files_transferred == 0 and facts.report_status != "PENDING":
                return Parts([], []), facts
            if facts.report_status == "ERROR":
                raise ReportUnreadable(f"DataSync could not write it: {facts.report_error or 'no reason given'}")
            if facts.report_status != "PENDING":
                parts = self.reports.parts(folder, event.execution_id)
                if parts.transferred:
                    return parts, facts
            if waited >= REPORT_WAIT_SECONDS or clock.is_short:
                raise ReportNotReady(
                    f"no complete list of transferred files below s3://{self.config.reports_bucket}/{folder} after "
                    f"{waited:.0f} s, though {facts.files_transferred} files were transferred; Lambda tries again"
                )
            clock.wait(REPORT_POLL_SECONDS)
            waited += REPORT_POLL_SECONDS

    def _unverified(self, parts: list[str], transfer: Transfer) -> Iterator[str]:
        for part in parts:
            with self.reports.open(part) as body:
                yield from read_unverified(body, part, transfer)

    def _entries(self, parts: list[str], transfer: Transfer) -> Iterator[Entry]:
        for part in parts:
            with self.reports.open(part) as body:
                yield from read_part(body, part, transfer)

    def _tag_all(self, entries: Iterable[Entry], unverified: Set[str], fresh: bool, tally: Tally, clock: Clock) -> None:
        first = [fresh]

        def tag(aim: Aim) -> Steps[Result]:
            return (bring_new if first[0] else bring)(aim, self.catalogue)

        def tried_again(count: int) -> None:
            first[0] = False  # the answer to a write that happened may have been lost: time has passed, look first
            self.metrics.add_metric("ObjectsTriedAgain", MetricUnit.Count, count)

        carry_out(
            (aim_of(entry, unverified, self.catalogue) for entry in self._until_short(entries, clock)),
            tag,
            self.lake,
            tally,
            clock,
            tried_again,
        )

    def _until_short(self, entries: Iterable[Entry], clock: Clock) -> Iterator[Entry]:
        for entry in entries:
            if clock.is_short:
                raise TaggingIncomplete("Lambda's time is nearly over; the next try finds these tags and goes on")
            yield entry

    def _count(self, tally: Tally) -> None:
        for name, count in (
            ("ObjectsTagged", tally.counts[Outcome.TAGGED]),
            ("ObjectsUnchanged", tally.counts[Outcome.UNCHANGED]),
            ("ObjectsUnclassified", tally.unclassified.total),
            ("ObjectsLeftAsIs", tally.left_as_is.total),
            ("ObjectsNotVerified", tally.not_verified.total),
            ("TagFailures", tally.count_of(NOT_DONE)),
        ):
            self.metrics.add_metric(name, MetricUnit.Count, count)

    def _tell(self, notice: Notice) -> None:
        if not self.publisher.publish(self.config.topic_arn, notice):
            raise NoticeNotSent(f"{notice.kind}: SNS did not take the notice; the run is repeated to send it again")
