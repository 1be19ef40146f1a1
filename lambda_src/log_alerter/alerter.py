"""Carries out a run: count the lines of a delivery, tell what is due; or only tell what has become due (*flush*).

A failure of one filter's memory does not keep the others from being told. Log lines go into notices and nowhere else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from common.clock import Clock
from common.failures import code_of
from common.publisher import NoticeNotSent, Publisher
from common.state import StateConflict, StateUnreadable
from log_alerter import delivery, messages
from log_alerter.aws import Memories
from log_alerter.config import Config
from log_alerter.delivery import Control, Delivery, Poison
from log_alerter.domain import Filter, Line
from log_alerter.memory import Memory, Outgoing

FLUSH = "flush"


@dataclass(frozen=True)
class Alerter:
    """Turns deliveries of CloudWatch Logs into notices."""

    config: Config
    filters: Mapping[str, Filter]
    memories: Memories
    publisher: Publisher
    logger: Logger
    metrics: Metrics

    def run(self, event: Any, clock: Clock) -> dict[str, Any]:
        """Do what the event asks for; the reply holds the counts.

        Raises:
            NoticeNotSent: SNS did not take a notice of a flush; it is written down, and the next run sends it. A
                delivery whose lines are counted does not fail for that: a replay, days later, would count them again.
            StateConflict, StateUnreadable, ClientError, BotoCoreError: the memory of a filter was not read or written.
        """
        if not isinstance(event, Mapping) or ("awslogs" not in event and event.get("schedule") != FLUSH):
            self._count("EventsIgnored", 1)
            self.logger.warning("ignored an event")
            return {"outcome": "ignored", "reason": "neither a delivery of CloudWatch Logs nor the flush schedule"}
        if event.get("schedule") == FLUSH:
            return {"outcome": "flushed", "notices": self._flush(clock)}
        match delivery.read(event):
            case Control():
                self._count("ControlMessages", 1)
                return {"outcome": "control"}
            case Poison(problem=problem):
                self._count("PoisonDeliveries", 1)
                self.logger.warning("dropped a delivery that cannot be read", extra={"problem": problem})
                return {"outcome": "dropped", "reason": problem}
            case Delivery() as found if found.is_our_own:
                # At a level that no filter takes: an error line about it would come back to us.
                self._count("OwnLinesDropped", len(found.lines))
                self.logger.info("dropped lines of our own log group")
                return {"outcome": "dropped", "reason": "own log group"}
            case Delivery() as found:
                return {"outcome": "counted"} | self._take(found, clock)

    def _take(self, found: Delivery, clock: Clock) -> dict[str, Any]:
        counts: Counter[str] = Counter(lines=len(found.lines))
        failures: list[Exception] = []
        for name in found.filters:
            watched = self.filters.get(name)
            if watched is None:
                # The zip and Terraform were made from different catalogues.
                self._count("UnknownFilters", 1)
                self.logger.warning("a subscription filter is not in the catalogue", extra={"filter": name})
                continue
            by_rule: defaultdict[str, list[Line]] = defaultdict(list)
            for line in found.lines:
                rule = watched.rule_for(line)
                if rule is None:
                    counts["unmatched"] += 1
                else:
                    by_rule[rule.name].append(line)
            if by_rule:
                self._guarded(partial(self._told, watched, by_rule, clock, counts), failures)
        self._count("LinesReceived", counts["lines"])
        self._count("LinesUnmatched", counts["unmatched"])
        self._count("LinesCounted", counts["counted"])
        self._count("LinesRepeated", counts["repeated"])
        self.logger.info("took a delivery", extra={"log_group": found.log_group, "counts": dict(counts)})
        _raise_first(failures)
        return {"counts": dict(counts)}

    def _told(self, watched: Filter, by_rule: Mapping[str, list[Line]], clock: Clock, counts: Counter[str]) -> None:
        now = clock.now()

        def take(memory: Memory) -> tuple[int, list[Outgoing]] | None:
            added = sum(memory.count(watched.rules[name], lines, now) for name, lines in by_rule.items())
            memory.forget(watched.rules, now)
            outgoing = self._due(memory, watched, now)
            return (added, outgoing) if added or outgoing else None

        added, outgoing = self.memories.change(watched.name, clock, take) or (0, [])
        counts["counted"] += added
        counts["repeated"] += sum(len(lines) for lines in by_rule.values()) - added
        counts["notices"] += len(outgoing)
        self._guarded(partial(self._send, watched, outgoing, clock), [])

    def _flush(self, clock: Clock) -> int:
        failures: list[Exception] = []
        counts: Counter[str] = Counter()
        for watched in self.filters.values():
            self._guarded(partial(self._flush_one, watched, clock, counts), failures)
        _raise_first(failures)
        return counts["notices"]

    def _flush_one(self, watched: Filter, clock: Clock, counts: Counter[str]) -> None:
        now = clock.now()

        def look(memory: Memory) -> list[Outgoing] | None:
            outgoing = self._due(memory, watched, now)
            has_changed = memory.forget(watched.rules, now)
            return outgoing if outgoing or has_changed else None

        outgoing = self.memories.change(watched.name, clock, look) or []
        counts["notices"] += len(outgoing)
        self._send(watched, outgoing, clock)

    def _due(self, memory: Memory, watched: Filter, now: datetime) -> list[Outgoing]:
        memory.claim_stale(now)
        for rule in watched.rules.values():
            memory.write_down(rule, now)
        return memory.claimed(now)

    def _send(self, watched: Filter, outgoing: list[Outgoing], clock: Clock) -> None:
        sent: set[str] = set()
        failed: set[str] = set()
        for each in outgoing:
            rule = watched.rules.get(each.rule)
            if rule is None:  # the catalogue no longer has it, and nobody knows its topic
                sent.add(each.id)
                continue
            notice = messages.notice(self.config.environment, watched.name, rule, each)
            has_gone = self.publisher.publish(self.config.topic_arns[rule.topic], notice)
            (sent if has_gone else failed).add(each.id)
        if outgoing:
            self.memories.change(watched.name, clock, lambda memory: memory.settle(sent, failed))
        self._count("NoticesSent", len(sent))
        if failed:
            raise NoticeNotSent(f"{watched.name}: SNS did not take {len(failed)} notices; they are kept and sent again")

    def _guarded(self, work: Callable[[], None], failures: list[Exception]) -> None:
        try:
            work()
        except (ClientError, BotoCoreError, StateConflict, StateUnreadable, NoticeNotSent) as error:
            self.logger.error("a filter was not dealt with", extra={"error_code": code_of(error)})
            failures.append(error)

    def _count(self, metric: str, value: int) -> None:
        self.metrics.add_metric(metric, MetricUnit.Count, value)


def _raise_first(failures: list[Exception]) -> None:
    if failures:
        raise failures[0]
