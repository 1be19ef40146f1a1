"""What goes wrong: outages of regions, failures of single calls, kills, and what others do in between.

Nothing here is left to chance. An operation of the simulation arms a fault, which says exactly where it strikes; so a
list of operations tells the whole history, and leaving one out changes nothing else about the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.simulation.world.errors import Killed, answer_lost, client_error, unreachable
from tests.simulation.world.timeline import Timeline

LATENCY = timedelta(milliseconds=40)

# How services say "slow down", and what kinds of failures a call can have.
_THROTTLE = {"s3": ("SlowDown", 503), "ec2": ("RequestLimitExceeded", 503)}


@dataclass
class CallFault:
    """Strikes ``times`` calls of a service by whoever (or by ``function``), after ``skip`` calls that pass."""

    kind: str  # throttle | internal | denied | unreachable | lost_answer
    service: str
    function: str = ""
    operation: str = ""
    skip: int = 0
    times: int = 1


@dataclass
class CallPoint:
    """At the ``after``-th call of the next invocation of ``function``: kill it, or let ``action`` happen before it."""

    function: str
    after: int
    action: Callable[[], None] | None = None
    effect_happens: bool = False


@dataclass
class Invocation:
    """One run of one function, as far as its calls go."""

    function: str
    number: int
    calls: int = 0
    began: datetime | None = None
    deadline: datetime | None = None
    points: list[CallPoint] = field(default_factory=list)
    seen: dict[str, object] = field(default_factory=dict)


class Faults:
    """Every call of every client passes here."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._calls: list[CallFault] = []
        self._points: list[CallPoint] = []
        self._outages: dict[str, datetime] = {}
        self.stack: deque[Invocation | None] = deque()
        self.last_strike = timeline.now
        self.strikes: dict[str, int] = {}
        # Whether something that was made to go wrong is still going on.
        self.lasting: list[Callable[[], bool]] = []

    def arm(self, fault: CallFault | CallPoint) -> None:
        """Set a fault up."""
        self._calls.append(fault) if isinstance(fault, CallFault) else self._points.append(fault)

    def take_down(self, region: str, until: datetime) -> None:
        """The region answers nobody until then."""
        self._outages[region] = max(until, self._outages.get(region, until))

    def is_down(self, region: str) -> bool:
        """Whether the region answers nobody now."""
        return self._outages.get(region, self._timeline.now) > self._timeline.now

    def clear(self) -> None:
        """Faults stop: whatever is armed is gone and every region is up."""
        self._calls.clear()
        self._points.clear()
        if any(until > self._timeline.now for until in self._outages.values()):
            self.note("outage ends")
        self._outages.clear()

    @property
    def stopped_at(self) -> datetime:
        """When the last thing went wrong; now, while a region is down or something that went wrong goes on.

        What is armed and has not struck yet is no fault.
        """
        if any(map(self.is_down, self._outages)) or any(each() for each in self.lasting):
            return self._timeline.now
        return max([self.last_strike, *self._outages.values()])

    def note(self, what: str) -> None:
        """Something has gone wrong just now."""
        self.last_strike = self._timeline.now
        self.strikes[what] = self.strikes.get(what, 0) + 1

    def begin(self, invocation: Invocation) -> None:
        """An invocation starts; it takes the points armed for its function."""
        invocation.points = [each for each in self._points if each.function == invocation.function]
        self._points = [each for each in self._points if each.function != invocation.function]
        self.stack.append(invocation)

    def end(self) -> None:
        """The invocation that started last is over; points it did not come to wait for the next one."""
        invocation = self.stack.pop()
        if invocation is not None:
            self._points += [each for each in invocation.points if each.after > invocation.calls]

    @contextmanager
    def others(self) -> Iterator[None]:
        """What happens inside of this is nobody's invocation: others act, time passes."""
        self.stack.append(None)
        try:
            yield
        finally:
            self.stack.pop()

    @property
    def invocation(self) -> Invocation | None:
        """Whoever is calling."""
        return self.stack[-1] if self.stack else None

    def before(self, service: str, region: str, operation: str) -> Callable[[], None]:
        """Let a call begin, or fail. What it returns is to be called when its effect has happened."""
        self._timeline.now += LATENCY
        invocation = self.invocation
        after: Callable[[], None] = _nothing
        if invocation is not None:
            invocation.calls += 1
            if invocation.deadline is not None and self._timeline.now > invocation.deadline:
                raise Killed
            for point in invocation.points:
                if point.after == invocation.calls:
                    if point.action is not None:
                        self.note("meanwhile")
                        with self.others():
                            point.action()
                    elif point.effect_happens:
                        self.note("killed")
                        after = _kill
                    else:
                        self.note("killed")
                        raise Killed
        if self._outages and self.is_down(region):
            self.note(f"{region} down")
            raise unreachable(service, region)
        for fault in self._calls:
            if fault.service != service or (fault.operation and fault.operation != operation):
                continue
            if fault.function and (invocation is None or invocation.function != fault.function):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                self._calls.remove(fault)
            self.note(f"{fault.kind} {service}")
            return self._strike(fault.kind, service, region, operation)
        return after

    def _strike(self, kind: str, service: str, region: str, operation: str) -> Callable[[], None]:
        if kind == "throttle":
            raise client_error(operation, *_THROTTLE.get(service, ("ThrottlingException", 400)), "Rate exceeded")
        if kind == "internal":
            raise client_error(operation, "InternalError", 500, "We encountered an internal error. Please try again.")
        if kind == "denied":
            code = "AccessDenied" if service in ("s3", "sns") else "AccessDeniedException"
            raise client_error(operation, code, 403, "the key does not allow it")
        if kind == "unreachable":
            raise unreachable(service, region)
        if kind != "lost_answer":
            raise ValueError(f"no such fault: {kind}")

        def lose() -> None:
            raise answer_lost(service, region)

        return lose


def _nothing() -> None:
    """The call ends well."""


def _kill() -> None:
    raise Killed
