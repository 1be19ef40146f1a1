"""The owner of everything that happens at a time, with a clock made of a variable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kosha_localcloud.clock.expressions import Plan, parse
from kosha_localcloud.clock.timeline import Schedule, Timeline

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class FakeClock:
    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def move_to(self, moment: datetime) -> None:
        self.time = max(self.time, moment)


class World:
    """A timeline whose schedules are a dictionary: name -> expression."""

    def __init__(self, **expressions: str) -> None:
        self.clock = FakeClock()
        self.expressions = expressions
        self.fired: list[tuple[str, datetime, datetime]] = []  # name, when due, what the clock showed
        self.work: Callable[[str], None] = lambda _: None
        self.timeline = Timeline(self.clock, [self])

    def schedules(self) -> Iterator[Schedule]:
        for name, expression in self.expressions.items():
            yield Schedule(name, (expression,), self._plan(expression), self._fire(name))

    @staticmethod
    def _plan(expression: str) -> Callable[[datetime], Plan]:
        return lambda first_seen: parse(expression, first=first_seen + MINUTE)

    def _fire(self, name: str) -> Callable[[datetime], None]:
        def fire(moment: datetime) -> None:
            self.fired.append((name, moment, self.clock.now()))
            self.work(name)

        return fire

    def advance(self, minutes: float) -> None:
        self.timeline.advance(self.clock.now() + minutes * MINUTE, lambda: None)

    def minutes(self, name: str) -> list[float]:
        return [(due - START) / MINUTE for fired, due, _ in self.fired if fired == name]


def test_advance_stops_the_clock_at_every_due_time() -> None:
    world = World(half="rate(30 minutes)", third="rate(20 minutes)")
    world.advance(61)
    assert world.minutes("half") == [1, 31, 61]
    assert world.minutes("third") == [1, 21, 41, 61]
    assert all(due == shown for _, due, shown in world.fired)
    assert world.clock.now() == START + 61 * MINUTE


def test_due_times_come_in_order() -> None:
    world = World(a="rate(7 minutes)", b="rate(3 minutes)", c="cron(0/5 * * * ? *)")
    world.advance(100)
    dues = [due for _, due, _ in world.fired]
    assert dues == sorted(dues)


def test_real_time_fires_the_same_as_advancing() -> None:
    advanced, real = (World(a="rate(7 minutes)", c="cron(0/5 * * * ? *)") for _ in range(2))
    advanced.advance(60)
    for _ in range(60 * 4):
        real.timeline.tick()
        real.clock.time += MINUTE / 4
    real.timeline.tick()
    assert [fired[:2] for fired in real.fired] == [fired[:2] for fired in advanced.fired]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(0, 40)), max_size=25))
def test_nothing_fires_twice_or_never_however_time_passes(steps: list[float | None]) -> None:
    world = World(rate="rate(9 minutes)", cron="cron(3/11 * * * ? *)")
    world.timeline.tick()
    for step in steps:
        if step is None:
            world.clock.time += 2 * MINUTE
            world.timeline.tick()
        else:
            world.advance(step)
    plans = {
        "rate": parse("rate(9 minutes)", first=START + MINUTE),
        "cron": parse("cron(3/11 * * * ? *)", first=START),
    }
    for name, plan in plans.items():
        expected, moment = [], plan.next_after(START - timedelta(microseconds=1))
        while moment is not None and moment <= world.clock.now():
            expected.append((moment - START) / MINUTE)
            moment = plan.next_after(moment)
        assert world.minutes(name) == expected


def test_schedule_made_by_fired_work_fires_in_the_same_advance() -> None:
    world = World(first="rate(10 minutes)")

    def work(_: str) -> None:
        world.expressions["second"] = "rate(5 minutes)"

    world.work = work
    world.advance(12)
    assert world.minutes("second") == [2, 7, 12]


def test_changed_schedule_counts_as_new() -> None:
    world = World(a="rate(10 minutes)")
    world.advance(5)
    world.expressions["a"] = "rate(2 minutes)"
    world.advance(4)
    assert world.minutes("a") == [1, 6, 8]


def test_removed_schedule_does_not_fire() -> None:
    world = World(a="rate(10 minutes)")
    world.advance(5)
    del world.expressions["a"]
    world.advance(30)
    assert world.minutes("a") == [1]


def test_what_rests_is_missed_and_goes_on_at_its_times() -> None:
    world = World(half="rate(30 minutes)", third="rate(20 minutes)")
    world.advance(5)
    world.timeline.rest(["th*"])
    world.advance(60)
    world.timeline.rest(None)
    world.advance(35)
    assert world.minutes("third") == [1, 21, 41, 61, 81]
    assert world.minutes("half") == [1, 91]


def test_schedule_that_fails_keeps_no_other_from_firing() -> None:
    world = World(bad="rate(10 minutes)", good="rate(10 minutes)")

    def work(name: str) -> None:
        if name == "bad":
            raise RuntimeError("broken")

    world.work = work
    world.advance(11)
    assert world.minutes("bad") == world.minutes("good") == [1, 11]


def test_expression_that_cannot_be_read_is_shown_with_the_reason() -> None:
    world = World(wrong="every day", good="rate(10 minutes)")
    world.advance(1)
    assert world.minutes("good") == [1]
    overview = {entry["schedule"]: entry for entry in world.timeline.overview()}
    assert overview["wrong"]["next"] is None
    assert "use rate" in str(overview["wrong"]["problem"])
    assert overview["good"]["next"] == (START + 11 * MINUTE).isoformat()


def test_moment_is_done_once_at_its_time() -> None:
    world = World()
    seen: list[datetime] = []
    world.timeline.at(START + 3 * MINUTE, "retry", lambda: seen.append(world.clock.now()))
    world.advance(2)
    assert seen == []
    world.advance(10)
    world.advance(10)
    assert seen == [START + 3 * MINUTE]


def test_moment_that_a_moment_plans_is_done_in_the_same_advance() -> None:
    world = World()
    seen: list[datetime] = []

    def again() -> None:
        seen.append(world.clock.now())
        world.timeline.at(world.clock.now() + MINUTE, "retry", again)

    world.timeline.at(START + MINUTE, "retry", again)
    world.advance(3)
    assert seen == [START + MINUTE, START + 2 * MINUTE, START + 3 * MINUTE]


def test_work_that_does_not_settle_ends_the_advance_at_its_time() -> None:
    world = World(a="rate(10 minutes)")

    def settle() -> None:
        raise TimeoutError("busy")

    with pytest.raises(TimeoutError, match="busy"):
        world.timeline.advance(START + 60 * MINUTE, settle)
    assert world.clock.now() == START + MINUTE
    world.advance(10)
    assert world.minutes("a") == [1, 11]
