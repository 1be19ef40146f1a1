"""Carries out a run: look at slots and endings, have made good what is missing, tell, remember.

What was told or called before the memory is written may be told or called once more: the notices carry the same
``dedupe_key``, and the tagger does not write right tags twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from common.clock import Clock
from common.notices import Notice
from common.publisher import NoticeNotSent, Publisher
from common.state import Store
from common.transfer_event import DETAIL_TYPE, SOURCE
from common.transfers import Transfer
from transfer_reconciler import messages
from transfer_reconciler.config import Config
from transfer_reconciler.domain import (
    Backfill,
    Execution,
    GiveUp,
    Receipt,
    Settled,
    Span,
    Tag,
    Wait,
    action_for,
    forget,
    is_before_our_time,
    latest_success,
    missed_slots,
    runs_of,
)
from transfer_reconciler.memory import Memory

DOCUMENT = "watch-{transfer}"


class Executions(Protocol):
    """Executions of the transfer."""

    def list(self) -> dict[str, str]: ...
    def describe(self, execution_id: str, arn: str) -> Execution | None: ...


class Receipts(Protocol):
    """The tagger's receipts."""

    def of(self, execution_id: str) -> Receipt: ...


class Functions(Protocol):
    """Other functions."""

    def call(self, arn: str, event: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True)
class Reconciler:
    """Compares what one transfer should have done in the last day with what it has."""

    config: Config
    transfer: Transfer
    executions: Executions
    receipts: Receipts
    functions: Functions
    store: Store
    tell_lag: Callable[[str, timedelta], None]
    publisher: Publisher
    logger: Logger
    metrics: Metrics

    def run(self, clock: Clock) -> dict[str, int]:
        """Do what is due and return the counts.

        Raises:
            ClientError, BotoCoreError, NotAccepted: AWS could not be asked; the next call looks again.
            StateConflict: another invocation was faster; nothing is lost.
            NoticeNotSent: SNS did not take a notice; it is told again by the next call.
        """
        now = clock.now()
        document = DOCUMENT.format(transfer=self.transfer.name)
        found = self.store.read(document)
        memory = Memory.read(found.document, now)
        listed = self.executions.list()
        memory.settled = forget(memory.settled, listed, self.transfer.every, now)
        memory.attempts = {name: count for name, count in memory.attempts.items() if name in listed}
        unsettled = self._describe_unsettled(listed, memory, clock)
        if unsettled is None:  # so many that time ran out: what is settled is remembered, the rest comes next
            self.store.write(document, memory.document(), found.etag)
            return {"slots_missed": 0, "events_missing": 0, "given_up": 0}
        memory.succeeded = latest_success(unsettled, memory.succeeded)
        counts, unsent = self._mend_endings(unsettled, memory, now)
        spans = [
            *filter(None, memory.settled.values()),
            *(Span(each.started_at or now, each.ended_at) for each in unsettled),
        ]
        missed, judged_until = missed_slots(spans, self.transfer.every, memory.began, memory.judged_until, now)
        for slots in runs_of(missed, self.transfer.every):
            unsent += self._tell(messages.slots_missed(self.config.environment, now, self.transfer, slots))
        counts["slots_missed"] = len(missed)
        if not unsent:
            memory.judged_until = judged_until
        self.store.write(document, memory.document(), found.etag)
        for name, count in (
            ("SlotsMissed", counts["slots_missed"]),
            ("EventsMissing", counts["events_missing"]),
            ("ExecutionsNotTagged", counts["given_up"]),
        ):
            self.metrics.add_metric(name, MetricUnit.Count, count)
        self.tell_lag(self.transfer.name, now - (memory.succeeded or memory.began))
        self.logger.info(
            "looked at the transfer",
            extra={"transfer": self.transfer.name, "counts": counts, "executions": len(listed)},
        )
        if unsent:
            raise NoticeNotSent(f"SNS did not take {unsent} notices; they are told again")
        return counts

    def _describe_unsettled(self, listed: Mapping[str, str], memory: Memory, clock: Clock) -> list[Execution] | None:
        """The executions with something left to do. What ended before our time is settled without a look."""
        unsettled = []
        for name, arn in listed.items():
            if name in memory.settled:
                continue
            if clock.is_short:
                return None
            execution = self.executions.describe(name, arn)
            if execution is None:
                continue
            if is_before_our_time(execution, memory.began):
                self._settle(execution, memory, clock.now())
                continue
            unsettled.append(execution)
        return unsettled

    def _mend_endings(self, unsettled: list[Execution], memory: Memory, now: datetime) -> tuple[dict[str, int], int]:
        counts, unsent = {"events_missing": 0, "given_up": 0}, 0
        for execution in unsettled:
            receipt = self.receipts.of(execution.id)
            attempts = memory.attempts.get(execution.id, 0)
            match action_for(execution, receipt, attempts, now):
                case Wait():
                    continue
                case Settled():
                    self._settle(execution, memory, now)
                case Tag(attempt=attempt):
                    self.functions.call(self.config.tagger_arn, _event(execution, now))
                    memory.attempts[execution.id] = attempt
                    counts["events_missing"] += 1
                    unsent += self._tell_missing(execution, receipt, now, "The tagger has been called again", attempt)
                case Backfill(since=since):
                    request = {"mode": "apply", "modified_since": since.isoformat(), "run": f"recon-{execution.id}"}
                    self.functions.call(self.config.backfill_arn, request)
                    counts["events_missing"] += 1
                    remedy = "Its report is missing: the backfill tags what was written since it began"
                    unsent += self._tell_missing(execution, receipt, now, remedy, attempts + 1)
                    self._settle(execution, memory, now)
                case GiveUp():
                    counts["given_up"] += 1
                    notice = messages.gave_up(self.config.environment, now, self.transfer, execution, receipt, attempts)
                    if self._tell(notice):
                        unsent += 1
                    else:
                        self._settle(execution, memory, now)
        return counts, unsent

    def _settle(self, execution: Execution, memory: Memory, now: datetime) -> None:
        started = execution.started_at or execution.ended_at or now
        memory.settled[execution.id] = Span(started, execution.ended_at or started)
        memory.attempts.pop(execution.id, None)

    def _tell_missing(self, execution: Execution, receipt: Receipt, now: datetime, remedy: str, attempt: int) -> int:
        return self._tell(
            messages.event_missing(self.config.environment, now, self.transfer, execution, receipt, remedy, attempt)
        )

    def _tell(self, notice: Notice) -> int:
        """0 if SNS took the notice, else 1."""
        return 0 if self.publisher.publish(self.config.topic_arn, notice) else 1


def _event(execution: Execution, now: datetime) -> dict[str, Any]:
    """The event that DataSync should have sent
    (https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-datasync.html)."""
    return {
        "version": "0",
        "id": f"recon-{execution.id}",
        "detail-type": DETAIL_TYPE,
        "source": SOURCE,
        "time": now.isoformat(),
        "resources": [execution.arn],
        "detail": {"State": execution.state},
    }
