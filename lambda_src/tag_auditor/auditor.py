"""Carries an audit out: every current object, in slices, with bounded memory.

A page of up to a thousand keys is listed, their tags are read many at once, and what is found is counted; a
checkpoint holds the last key and the counts. The findings themselves go to a report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from common.catalogue import Catalogue
from common.clock import Clock
from common.failures import code_of
from common.lake import Lake
from common.publisher import Publisher
from common.reports import ReportStore
from common.runs import Runs
from common.s3_calls import ReadTags
from common.slices import Slice, Stalled, one_at_a_time
from common.state import StateConflict, Store
from common.tagging import Aim, Outcome, failure
from common.wire import Steps
from tag_auditor import messages
from tag_auditor.config import Config
from tag_auditor.domain import FINDINGS, MENDED_BY_BACKFILL, Entry, Judgement, aim_of, judge
from tag_auditor.progress import Progress, figures, finding_count

# Pages of a thousand keys between two checkpoints.
PAGES_PER_CHECKPOINT = 20
PAUSE_SECONDS = 5.0
# A day, and two hours for an audit that takes long.
MISSED_AFTER = timedelta(hours=26)
# The document that says since when the first audit is awaited.
AWAITED = "awaited"


class Listing(Protocol):
    """What lies in the lake (``tag_auditor.aws.Listing``)."""

    def pages(self, after: str) -> Iterator[list[Entry]]: ...


type _Slice = Slice[Progress]


@dataclass(frozen=True)
class Auditor:
    """Looks at every object."""

    config: Config
    catalogue: Catalogue
    listing: Listing
    lake: Lake
    store: Store
    runs: Runs
    reports: ReportStore
    tell_class: Callable[[str, Mapping[str, float]], None]
    publisher: Publisher
    logger: Logger
    metrics: Metrics

    def run(self, mode: str, clock: Clock) -> dict[str, Any]:
        """Open the audit of the day (``audit``) or go on with the open one (``continue``).

        Raises:
            ClientError, BotoCoreError: S3 does not take the run's state.
        """
        now = clock.now()
        return one_at_a_time(
            self.runs.find if mode == "continue" else lambda: self.runs.open(f"{now:%Y-%m-%d}", now, {}),
            lambda: self._notice_missed(now),
            lambda run: Slice(run, clock, Progress.from_document(run.progress), self.runs, self.reports),
            self._go_on,
            self._stall,
        )

    def _notice_missed(self, now: datetime) -> None:
        """A daily schedule that no longer calls, or never has, would raise no error anywhere."""
        last = self.runs.last()
        since = datetime.fromisoformat(last["closed_at"]) if last is not None else self._awaited_since(now)
        if since + MISSED_AFTER < now:
            self.metrics.add_metric("AuditsMissed", MetricUnit.Count, 1)
            self.logger.error("no audit has come to its end for too long", extra={"since": since.isoformat()})

    def _awaited_since(self, now: datetime) -> datetime:
        """When the function first looked for an audit to go on with, where none has ever ended."""
        found = self.store.read(AWAITED)
        if "since" in found.document:
            return datetime.fromisoformat(found.document["since"])
        with suppress(StateConflict):  # another call has just written it
            self.store.write(AWAITED, {"since": now.isoformat()}, found.etag)
        return now

    def _go_on(self, at: _Slice) -> dict[str, Any]:
        since = 0
        for page in self._listed(at.progress.after):
            self._look_at(page, at)
            since += 1
            if at.clock.is_short:
                at.save()
                return {"outcome": "under_way", "run": at.run.id, "counts": dict(at.progress.total())}
            if since >= PAGES_PER_CHECKPOINT:
                at.save()
                since = 0
        return self._finish(at)

    def _listed(self, after: str) -> Iterator[list[Entry]]:
        """The pages. A failure of listing, and no other, becomes :class:`Stalled` here."""
        try:
            yield from self.listing.pages(after)
        except (ClientError, BotoCoreError) as error:
            raise Stalled(f"S3 does not list the lake: {code_of(error)}") from error

    def _look_at(self, page: list[Entry], at: _Slice) -> None:
        """Judge a page. What cannot be read for a passing reason is tried once more after a pause.

        Raises:
            Stalled: nothing of the page could be read; the checkpoint stands before it.
        """
        now = at.clock.now()
        aims = [(aim, entry) for entry in page if (aim := aim_of(entry, self.catalogue)) is not None]
        found, failed = self._read(aims, now)
        if failed and any(reason is Outcome.TRY_AGAIN for _, _, reason, _ in failed):
            at.clock.wait(PAUSE_SECONDS)
            again, failed = self._read([(aim, entry) for aim, entry, _, _ in failed], now)
            found += again
        gone = [each for each in failed if each[2] is Outcome.VANISHED]
        unread = len(failed) - len(gone)
        if unread and not found:
            raise Stalled(f"S3 does not show the tags of objects: {failed[-1][3]}")
        for each in found:
            at.progress.add(each)
            if each.verdict in FINDINGS and not each.is_fresh:
                at.write(each.as_line())
        at.progress.vanished += len(gone)
        at.progress.unread += unread
        if page:
            at.progress.after = page[-1].key

    def _read(
        self, aims: list[tuple[Aim, Entry]], now: datetime
    ) -> tuple[list[Judgement], list[tuple[Aim, Entry, Outcome, str]]]:
        def look(pair: tuple[Aim, Entry]) -> Steps[Judgement | tuple[Aim, Entry, Outcome, str]]:
            aim, entry = pair
            try:
                present, _ = yield ReadTags(aim.key, None)
            except (ClientError, BotoCoreError) as error:
                result = failure(aim, error)
                # A delete marker that has come since the listing hides the object: it is gone, too.
                gone = result.outcome is Outcome.DELETE_MARKER
                return aim, entry, Outcome.VANISHED if gone else result.outcome, code_of(error)
            return judge(aim, present, entry.modified, now, self.config.grace, self.catalogue)

        found: list[Judgement] = []
        failed: list[tuple[Aim, Entry, Outcome, str]] = []
        for each in self.lake.run(look, aims):
            if isinstance(each, Judgement):
                found.append(each)
            else:
                failed.append(each)
        found.sort(key=attrgetter("key"))  # answers come as they come; the report is in the order of keys
        return found, failed

    def _finish(self, at: _Slice) -> dict[str, Any]:
        """Report, tell, close: in this order, so that an audit lost in between tells twice rather than never."""
        at.write_report()
        progress, now, total = at.progress, at.clock.now(), at.progress.total()
        count = finding_count(total)
        numbers = figures(total)
        result: dict[str, Any] = {
            "audited": total.total(),
            "verdicts": dict(total),
            "coverage_percent": numbers["TagCoverage"],
            "correctness_percent": numbers["TagCorrectness"],
            "classes": {name: dict(each) for name, each in sorted(progress.classes.items())},
            "fresh": progress.fresh,
            "unread": progress.unread,
            "vanished": progress.vanished,
            "reports": progress.reports[:20],
        }
        for name, each in progress.classes.items():
            self.tell_class(name, figures(each))
        for name, value in numbers.items():
            unit = MetricUnit.Percent if name.startswith("Tag") else MetricUnit.Count
            self.metrics.add_metric(name, unit, value)
        self.metrics.add_metric("ObjectsUnread", MetricUnit.Count, progress.unread)
        self.logger.info("audited", extra={"run": at.run.id, "verdicts": dict(total), "fresh": progress.fresh})
        mendable = sum(total[each] for each in MENDED_BY_BACKFILL)
        environment = self.config.environment
        notice = messages.finished(environment, now, at.run.id, result, progress.examples, count, mendable)
        self.publisher.publish(self.config.topic_arn, notice)
        self.runs.close(at.run, now, result)
        return {"outcome": "finished", "run": at.run.id, "result": result}

    def _stall(self, at: _Slice, problem: str) -> dict[str, Any]:
        """Keep what was done, and tell once what stands in the way."""
        is_news = at.stall(problem)
        self.metrics.add_metric("AuditFailures", MetricUnit.Count, 1)
        self.logger.error("the audit cannot go on", extra={"run": at.run.id, "problem": problem})
        if is_news:
            notice = messages.stalled(self.config.environment, at.clock.now(), at.run.id, problem)
            self.publisher.publish(self.config.topic_arn, notice)
        return {"outcome": "stalled", "run": at.run.id, "problem": problem}
