"""Lambda, EventBridge and Scheduler: who calls which function when, what is tried again, what ends in dead letters.

Asynchronous invocations are tried three times, one and two minutes apart, and then become dead letters
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html). EventBridge and Scheduler deliver
at least once; DataSync sends its events on a best-effort basis.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from common.clock import Clock
from tests.simulation.world.cron import Schedule
from tests.simulation.world.errors import Killed, client_error
from tests.simulation.world.faults import Faults, Invocation
from tests.simulation.world.timeline import Timeline

RETRIES = (timedelta(minutes=1), timedelta(minutes=2))


@dataclass(frozen=True)
class Function:
    """A deployed function: ``run`` is its handler without Lambda's dress."""

    name: str
    run: Callable[[Any, Clock], Any]
    timeout: timedelta = timedelta(minutes=15)
    at_once: int = 1
    retries: int = 2


@dataclass(frozen=True)
class DeadLetter:
    """A call that was given up."""

    function: str
    payload: Any
    at: datetime
    problem: str


@dataclass
class Outcome:
    """How an attempt ended."""

    function: str
    at: datetime
    result: Any = None
    problem: str = ""
    invocation: Invocation | None = None


@dataclass
class Slowness:
    """The next invocation of a function has only so much time, e.g. because every call takes long."""

    function: str
    seconds: float


class Lambda:
    """Runs functions."""

    def __init__(self, timeline: Timeline, faults: Faults) -> None:
        self._timeline = timeline
        self._faults = faults
        self.functions: dict[str, Function] = {}
        self.dead_letters: list[DeadLetter] = []
        self.watchers: list[Callable[[Outcome], None]] = []
        self.slowness: list[Slowness] = []
        self.skew = timedelta(0)
        self._numbers = count(1)

    def call(self, name: str, payload: Any, delay: timedelta = timedelta(seconds=1)) -> None:
        """Call a function asynchronously."""
        if name not in self.functions:
            raise KeyError(f"no function {name} is deployed")
        self._timeline.after(delay, lambda: self._attempt(name, payload, 0))

    def call_now(self, name: str, payload: Any) -> Outcome:
        """Call a function and wait for it (a person with the AWS CLI)."""
        return self._run(self.functions[name], payload)

    def replay_dead_letters(self) -> int:
        """What ``make replay`` does."""
        letters, self.dead_letters = self.dead_letters, []
        for each in letters:
            self.call(each.function, each.payload)
        return len(letters)

    def _attempt(self, name: str, payload: Any, tries: int) -> None:
        function = self.functions[name]
        running = sum(each is not None and each.function == name for each in self._faults.stack)
        if running >= function.at_once:
            # Throttled: the event waits in Lambda's queue.
            self._timeline.after(RETRIES[0], lambda: self._attempt(name, payload, tries))
            return
        outcome = self._run(function, payload)
        if not outcome.problem:
            return
        if tries < function.retries:
            self._timeline.after(RETRIES[tries], lambda: self._attempt(name, payload, tries + 1))
        else:
            self.dead_letters.append(DeadLetter(name, payload, self._timeline.now, outcome.problem))

    def _run(self, function: Function, payload: Any) -> Outcome:
        began = self._timeline.now
        seconds = function.timeout.total_seconds()
        for each in self.slowness:
            if each.function == function.name:
                self.slowness.remove(each)
                self._faults.note("little time")
                seconds = min(seconds, each.seconds)
                break
        deadline = began + timedelta(seconds=seconds)
        invocation = Invocation(function.name, next(self._numbers), began=began, deadline=deadline)
        outcome = Outcome(function.name, began, invocation=invocation)
        clock = Clock(
            now=lambda: self._timeline.now + self.skew,
            remaining_seconds=lambda: (deadline - self._timeline.now).total_seconds(),
            wait=lambda pause: self._wait(pause, deadline),
        )
        self._faults.begin(invocation)
        try:
            outcome.result = function.run(payload, clock)
        except Killed:
            outcome.problem = "killed"
        except Exception as error:
            outcome.problem = f"{type(error).__name__}: {error}"
            outcome.result = error
        finally:
            self._faults.end()
        for watcher in self.watchers:
            watcher(outcome)
        return outcome

    def _wait(self, seconds: float, deadline: datetime) -> None:
        with self._faults.others():
            self._timeline.advance(timedelta(seconds=seconds))
        if self._timeline.now > deadline:
            raise Killed


class LambdaClient:
    """A client."""

    def __init__(self, functions: Lambda, faults: Faults, region: str = "ap-south-1") -> None:
        self._functions = functions
        self._faults = faults
        self._region = region

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes | str) -> dict[str, Any]:
        """Call a function asynchronously, by name or ARN."""
        done = self._faults.before("lambda", self._region, "Invoke")
        if InvocationType != "Event":
            raise NotImplementedError(f"Invoke with {InvocationType}")
        name = FunctionName.rpartition(":")[2].removeprefix("kosha-test-").replace("-", "_")
        if name not in self._functions.functions:
            raise client_error("Invoke", "ResourceNotFoundException", 404, f"Function not found: {FunctionName}")
        self._functions.call(name, json.loads(Payload))
        done()
        return {"StatusCode": 202}


@dataclass
class EventFault:
    """What becomes of the next event: lost, doubled, or late by so many minutes (and so out of order)."""

    kind: str
    minutes: int = 0


class EventBridge:
    """Rules on the default bus."""

    def __init__(self, timeline: Timeline, faults: Faults, functions: Lambda) -> None:
        self._timeline = timeline
        self._faults = faults
        self._functions = functions
        self.rules: list[tuple[Callable[[Mapping[str, Any]], bool], str]] = []
        self.next_faults: list[EventFault] = []

    def send(self, event: Mapping[str, Any], matters: bool = True) -> None:
        """Deliver an event to every rule it matches. Faults wait for one that matters."""
        fault = self.next_faults.pop(0) if self.next_faults and matters else None
        if fault is not None:
            self._faults.note(f"event {fault.kind}")
            if fault.kind == "lost":
                return
        for matches, function in self.rules:
            if matches(event):
                delay = timedelta(minutes=fault.minutes) if fault and fault.kind == "late" else timedelta(seconds=1)
                self._functions.call(function, event, delay)
                if fault and fault.minutes:
                    self._timeline.after(delay, lambda: self._faults.note("event delivered late"))
                if fault and fault.kind == "doubled":
                    self._functions.call(function, event, timedelta(minutes=fault.minutes, seconds=2))


@dataclass
class ScheduleFault:
    """What becomes of the next call of a function by its schedule: missed, doubled, or late by so many minutes."""

    function: str
    kind: str
    minutes: int = 0


@dataclass
class Scheduler:
    """Schedules of functions."""

    timeline: Timeline
    faults: Faults
    functions: Lambda
    next_faults: list[ScheduleFault] = field(default_factory=list)

    def add(self, function: str, schedule: Schedule, payload: Any = None) -> None:
        """Call a function by a schedule, for good."""
        self._next(function, schedule.moments(self.timeline.now), payload)

    def _next(self, function: str, moments: Iterator[datetime], payload: Any) -> None:
        moment = next(moments)

        def due() -> None:
            self._next(function, moments, payload)
            self._deliver(function, payload)

        self.timeline.at(moment, due)

    def _deliver(self, function: str, payload: Any) -> None:
        fault = next((each for each in self.next_faults if each.function == function), None)
        if fault is None:
            self.functions.call(function, payload)
            return
        self.next_faults.remove(fault)
        self.faults.note(f"schedule {fault.kind}")
        if fault.kind == "late":
            self.functions.call(function, payload, timedelta(minutes=fault.minutes))
            self.timeline.after(timedelta(minutes=fault.minutes), lambda: self.faults.note("schedule called late"))
        elif fault.kind == "doubled":
            self.functions.call(function, payload)
            self.functions.call(function, payload, timedelta(minutes=fault.minutes, seconds=1))
