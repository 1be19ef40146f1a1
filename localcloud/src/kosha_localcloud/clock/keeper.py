"""Puts the clock and the timeline together inside LocalStack, and keeps real time."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from localstack.services.events import provider as events_provider
from localstack.services.events.provider import EventsProvider
from localstack.services.events.scheduler import JobScheduler
from localstack.services.s3.notifications import NotificationDispatcher
from localstack.services.scheduler import provider as scheduler_provider
from localstack.services.sns.publisher import PublishDispatcher
from localstack.utils.patch import patch
from localstack.utils.scheduler import ScheduledTask
from localstack.utils.scheduler import Scheduler as Repeater

from kosha_localcloud import services, settings
from kosha_localcloud.clock import lambda_queues
from kosha_localcloud.clock.expressions import parse
from kosha_localcloud.clock.offset import Clock
from kosha_localcloud.clock.rules import RuleSchedules
from kosha_localcloud.clock.scheduler import SchedulerSchedules
from kosha_localcloud.clock.timeline import Firing, Timeline
from kosha_localcloud.clock.work import WORK, CountingExecutor

LOG = logging.getLogger(__name__)

_LONGEST_WAIT = timedelta(seconds=1)  # a schedule made meanwhile is seen no later than this


class Keeper:
    """The clock with everything that hangs on it."""

    def __init__(self) -> None:
        self.clock = Clock(settings.clock_file())
        self.rules = RuleSchedules()
        scheduler = SchedulerSchedules()
        self.timeline = Timeline(self.clock, [self.rules, scheduler])
        scheduler.timeline = self.timeline

    def advance(self, target: datetime | timedelta, settle_limit: timedelta) -> list[Firing]:
        """Put the clock forward, firing on the way. Raises StillBusyError when fired work does not end in time."""
        try:
            return self.timeline.advance(target, lambda: WORK.settle(settle_limit))
        finally:
            _wake_repeaters()

    def start(self) -> None:
        """Fire what falls due as real time passes."""
        threading.Thread(target=self._keep_time, name="kosha-timeline", daemon=True).start()

    def _keep_time(self) -> None:
        wait = _LONGEST_WAIT
        while True:
            time.sleep(max(wait.total_seconds(), 0.01))
            try:
                until_next = self.timeline.tick()
            except Exception:
                LOG.exception("The timeline stumbled; it goes on")
                until_next = None
            wait = _LONGEST_WAIT if until_next is None else min(until_next, _LONGEST_WAIT)


def install() -> Keeper:
    """Take the schedules over from LocalStack and count the work it does in the background."""
    keeper = Keeper()
    _own_the_schedules(keeper)
    lambda_queues.install(keeper.timeline, WORK)
    _count_background_work()
    _repeat_once_after_an_advance()
    WORK.add(services.under_way)
    keeper.start()
    return keeper


def _own_the_schedules(keeper: Keeper) -> None:
    @patch(EventsProvider.__init__)
    def remember_provider(fn: Callable[..., None], self: EventsProvider, *args: Any, **kwargs: Any) -> None:
        fn(self, *args, **kwargs)
        keeper.rules.provider = self

    # LocalStack's own loop fires up to a minute early, and again for every PutTargets.
    @patch(JobScheduler.start_loop)
    def start_loop(_fn: Callable[..., None], _self: JobScheduler) -> None:
        return None

    def validate(expression: str) -> None:
        try:
            parse(expression, first=keeper.clock.now())
        except ValueError as error:
            raise scheduler_provider.ValidationException(
                f"Invalid Schedule Expression {expression}. {error}"
            ) from error

    scheduler_provider._validate_schedule_expression = validate


_REPEATERS: weakref.WeakSet[Repeater] = weakref.WeakSet()
"""What LocalStack repeats all the time: every second a look at each queue, every minute the metrics of SQS."""


def _repeat_once_after_an_advance() -> None:
    """Let what was missed happen once. LocalStack would repeat it for each second of the days in between."""

    @patch(Repeater.__init__)
    def remember_repeater(fn: Callable[..., None], self: Repeater, *args: Any, **kwargs: Any) -> None:
        fn(self, *args, **kwargs)
        _REPEATERS.add(self)

    @patch(ScheduledTask.set_next_deadline)
    def set_next_deadline(fn: Callable[..., None], self: ScheduledTask) -> None:
        fn(self)
        if self.deadline < time.time():
            self.deadline = time.time() + self.period


def _wake_repeaters() -> None:
    """They wait by real time, and would see an advance up to a minute later."""
    for each in list(_REPEATERS):
        with each._condition:
            each._condition.notify()


def _count_background_work() -> None:
    start_thread = events_provider.start_worker_thread

    def start_counted_thread(method: Callable[..., Any], params: Any = None, name: str | None = None) -> Any:
        WORK.begin("EventBridge rules")

        def counted(*args: Any, **kwargs: Any) -> Any:
            with WORK.ending("EventBridge rules"):
                return method(*args, **kwargs)

        return start_thread(counted, params, name)

    events_provider.start_worker_thread = start_counted_thread

    @patch(PublishDispatcher.__init__)
    def publish_dispatcher(fn: Callable[..., None], self: PublishDispatcher, *args: Any, **kwargs: Any) -> None:
        fn(self, *args, **kwargs)
        self.executor = CountingExecutor(self.executor, WORK, "SNS deliveries")

    @patch(NotificationDispatcher.__init__)
    def notification_dispatcher(fn: Callable[..., None], self: Any, *args: Any, **kwargs: Any) -> None:
        fn(self, *args, **kwargs)
        self.executor = CountingExecutor(self.executor, WORK, "S3 notifications")
