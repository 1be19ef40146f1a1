"""Carries out a run: look, decide, stop and start, tell.

Every run looks anew, so whatever failed, was cut off or never called is found and done by the next one. Nothing that
happens to one instance keeps the others from their state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from common.clock import Clock
from common.failures import code_of, is_transient
from common.modes import BadRequest, read_mode
from common.notices import Detail, Severity
from common.publisher import NoticeNotSent, Publisher
from common.state import Store
from instance_scheduler import messages
from instance_scheduler.config import Config
from instance_scheduler.domain import (
    Action,
    Instance,
    Problem,
    Reason,
    Spare,
    Start,
    Stop,
    Unmark,
    decide,
    saved,
    to_measure,
)

MODES = ("reconcile", "dry_run")
# Few enough that one by one is done in a minute where EC2 refuses them together.
AT_ONCE = 50
TOLD = "told"
# Somebody else has stopped, started or terminated it since the look.
_CHANGED = frozenset({"IncorrectInstanceState", "InvalidInstanceID.NotFound"})


class Instances(Protocol):
    """Instances as this module needs them (``instance_scheduler.aws.Instances``)."""

    def scheduled(self) -> list[Instance]: ...
    def stop(self, instance_ids: Sequence[str]) -> None: ...
    def start(self, instance_ids: Sequence[str]) -> None: ...
    def mark(self, instance_ids: Sequence[str], moment: datetime) -> None: ...
    def unmark(self, instance_ids: Sequence[str]) -> None: ...


class Processors(Protocol):
    """Use of processors as this module needs it (``instance_scheduler.aws.Processors``)."""

    def highest_use(self, instance_ids: Sequence[str], since: datetime, until: datetime) -> Mapping[str, float]: ...


@dataclass
class _Run:
    """What a run has done so far. ``failing`` holds a code and what to know about it, by instance."""

    clock: Clock
    counts: Counter[str] = field(default_factory=Counter)
    stopped: list[Mapping[str, Detail]] = field(default_factory=list)
    started: list[Mapping[str, Detail]] = field(default_factory=list)
    failing: dict[str, tuple[str, Mapping[str, Detail]]] = field(default_factory=dict)
    saved: timedelta = timedelta(0)

    def fails(self, instance: Instance, code: str, problem: str) -> None:
        """Note that people must look at an instance."""
        self.failing.setdefault(instance.id, (code, messages.describe(instance, problem=problem)))


@dataclass(frozen=True)
class Scheduler:
    """Stops and starts instances."""

    config: Config
    instances: Instances
    processors: Processors
    store: Store
    publisher: Publisher
    logger: Logger
    metrics: Metrics

    def run(self, event: Any, clock: Clock) -> dict[str, Any]:
        """Do what is due and return the counts; a dry run returns what would be done, and why the rest is not.

        Raises:
            ClientError, BotoCoreError: EC2 could not be asked what there is, or S3 what was told.
            StateConflict, StateUnreadable: see common/state.py; what was due is done.
            NoticeNotSent: SNS did not take a notice; what it tells is done.
        """
        try:
            mode = read_mode(event, MODES, "reconcile")
        except BadRequest as error:
            self.metrics.add_metric("EventsIgnored", MetricUnit.Count, 1)
            self.logger.warning("ignored an event", extra={"problem": str(error)})
            return {"outcome": "ignored", "reason": str(error)}
        now = clock.now()
        found = self.instances.scheduled()
        actions = decide(found, self._use(found, now), self.config.rules, now)
        if mode == "dry_run":
            return {"outcome": "dry_run", "actions": [_text(action) for action in actions]}
        run = _Run(clock)
        for action in actions:
            if isinstance(action, Problem):
                run.fails(action.instance, action.code, action.text)
        # Before stopping, which marks anew.
        self._unmark([each.instance for each in actions if isinstance(each, Unmark)], run)
        self._stop([each.instance for each in actions if isinstance(each, Stop)], run)
        self._start([each.instance for each in actions if isinstance(each, Start)], run)
        return self._conclude(actions, run, now)

    def _use(self, found: Sequence[Instance], now: datetime) -> Mapping[str, float]:
        asked = [each.id for each in to_measure(found, self.config.rules, now)]
        try:
            return self.processors.highest_use(asked, now - self.config.rules.window, now) if asked else {}
        except (ClientError, BotoCoreError) as error:
            # Nothing is known, so nothing is stopped: each of them is told as a problem.
            self.logger.error("the use of processors is not known", extra={"error_code": code_of(error)})
            return {}

    def _stop(self, instances: Sequence[Instance], run: _Run) -> None:
        def call(instance_ids: Sequence[str]) -> None:
            # The mark first: what is stopped without one would never be started again.
            self.instances.mark(instance_ids, run.clock.now())
            try:
                self.instances.stop(instance_ids)
            except ClientError as error:
                if not is_transient(error):
                    # It runs on. Should somebody stop it in the next minutes, the mark would claim it as ours.
                    with suppress(ClientError, BotoCoreError):
                        self.instances.unmark(instance_ids)
                raise

        for each in self._call("stop", call, instances, run):
            run.stopped.append(messages.describe(each))

    def _start(self, instances: Sequence[Instance], run: _Run) -> None:
        started = self._call("start", self.instances.start, instances, run)
        run.started += [messages.describe(each) for each in started]
        for each in self._call("unmark", self.instances.unmark, started, run):
            run.saved += saved(each, run.clock.now())

    def _unmark(self, instances: Sequence[Instance], run: _Run) -> None:
        for each in self._call("unmark", self.instances.unmark, instances, run):
            if each.state == "running":
                run.saved += saved(each, each.launched_at)

    def _call(
        self, what: str, call: Callable[[Sequence[str]], None], instances: Sequence[Instance], run: _Run
    ) -> list[Instance]:
        """Call for many instances at once, and one by one where EC2 refuses them together: one that cannot be stopped
        makes it refuse all (https://github.com/aws-solutions/instance-scheduler-on-aws/issues/266). Returns those for
        which it has succeeded."""
        done: list[Instance] = []
        for batch in batched(instances, AT_ONCE, strict=False):
            if run.clock.is_short:
                run.counts["left_for_next_run"] += len(batch)
                continue
            try:
                call([each.id for each in batch])
            except (ClientError, BotoCoreError) as error:
                if len(batch) == 1 or is_transient(error):
                    # Throttled or unreachable: more calls would not help.
                    for each in batch:
                        self._failed(what, each, error, run)
                    continue
                for each in batch:
                    try:
                        call([each.id])
                    except (ClientError, BotoCoreError) as single:
                        self._failed(what, each, single, run)
                    else:
                        done.append(each)
            else:
                done += batch
        run.counts[what] += len(done)
        return done

    def _failed(self, what: str, instance: Instance, error: Exception, run: _Run) -> None:
        code = code_of(error)
        if code in _CHANGED:
            run.counts["changed_meanwhile"] += 1
            return
        run.counts["failed"] += 1
        self.logger.error("a call failed", extra={"call": what, "instance": instance.id, "error_code": code})
        run.fails(instance, code, f"{what}: {code}")

    def _conclude(self, actions: Sequence[Action], run: _Run, now: datetime) -> dict[str, Any]:
        spared = Counter(each.reason for each in actions if isinstance(each, Spare))
        self.metrics.add_metric("InstancesStopped", MetricUnit.Count, run.counts["stop"])
        self.metrics.add_metric("InstancesStarted", MetricUnit.Count, run.counts["start"])
        for reason in Reason:
            self.metrics.add_metric(f"Spared{reason.title().replace('_', '')}", MetricUnit.Count, spared[reason])
        self.metrics.add_metric("InstanceHoursSaved", MetricUnit.NoUnit, run.saved / timedelta(hours=1))
        counts = {name: count for name, count in run.counts.items() if count} | {
            f"spared_{reason}": count for reason, count in spared.items()
        }
        self.logger.info("looked at the instances", extra={"counts": counts, "failing": len(run.failing)})
        unsent = [
            form[0]
            for form, items in ((messages.STOPPED, run.stopped), (messages.STARTED, run.started))
            if items and not self._publish(form, items, now)
        ]
        self._tell_failures(run, now, unsent)
        if unsent:
            raise NoticeNotSent(f"SNS did not take {', '.join(unsent)}; what they tell is done")
        return {"outcome": "done", "counts": counts, "failing": len(run.failing)}

    def _tell_failures(self, run: _Run, now: datetime, unsent: list[str]) -> None:
        """Tell each failure once: a notice and an alarm every quarter of an hour would not be read."""
        remembered = self.store.read(TOLD)
        told: Mapping[str, str] = remembered.document.get("failing", {})
        new = [facts for name, (code, facts) in run.failing.items() if told.get(name) != code]
        self.metrics.add_metric("InstancesFailing", MetricUnit.Count, len(run.failing))
        self.metrics.add_metric("InstanceFailures", MetricUnit.Count, len(new))
        if new and not self._publish(messages.FAILED, new, now):
            unsent.append(messages.FAILED[0])
            return
        failing = {name: code for name, (code, _) in run.failing.items()}
        if failing != told:
            self.store.write(TOLD, {"failing": failing}, remembered.etag)

    def _publish(self, form: tuple[str, Severity, str], items: Sequence[Mapping[str, Detail]], now: datetime) -> bool:
        return self.publisher.publish(self.config.topic_arn, messages.notice(form, self.config.environment, now, items))


def _text(action: Action) -> str:
    match action:
        case Spare(instance=instance, reason=reason, until=until):
            end = f" until {until.isoformat(timespec='seconds')}" if until else ""
            return f"spare {instance.id}: {reason}{end}"
        case Problem(instance=instance, text=text):
            return f"leave {instance.id}: {text}"
    return f"{type(action).__name__.lower()} {action.instance.id}"
