"""Histories by chance: made from a seed, run, and made shorter when they break a promise."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.invariants import Violated, Violation
from tests.simulation.operations import SPECS, Operation
from tests.simulation.simulation import Simulation

DAY = 24 * 60
MONTH_DAYS = 30
# Days of a month from which nothing goes wrong, and for how many days.
CALM_FROM = {6: 1, 13: 1, 20: 1, 27: 3}


@dataclass
class Told:
    """How a history went."""

    operations: Sequence[Operation]
    minutes: int
    violation: Violation | None = None
    step: int | None = None
    problem: str = ""
    summary: dict[str, Any] = field(default_factory=dict)
    simulation: Simulation | None = None
    functions: Collection[str] | None = None


def make(seed: int, months: float = 1.0, lanes: Collection[str] | None = None) -> tuple[list[Operation], int]:
    """The operations of a seed, and how many minutes they take; of all lanes, or of some and the faults."""
    dice = random.Random(seed)
    names = [name for name, spec in SPECS.items() if lanes is None or spec.lane in lanes or spec.lane == "faults"]
    usual = [name for name in names if SPECS[name].lane != "faults"]
    days = max(1, round(months * MONTH_DAYS))
    found: list[Operation] = []
    calm_until = 0
    for day in range(days):
        of_month = day % MONTH_DAYS
        begins_calm = of_month in CALM_FROM or (days < MONTH_DAYS and day == days - 1)
        if begins_calm:
            found.append(Operation(day * DAY, "faults_stop", {}))
            calm_until = day + CALM_FROM.get(of_month, 1)
        is_calm = day < calm_until
        # Good days and bad days: faults come in heaps.
        pool = usual if is_calm or dice.random() < 0.3 else names
        busy = dice.choice((3, 8, 16, 40))
        weights = [SPECS[name].weight for name in pool]
        minutes = sorted(dice.randrange(DAY) for _ in range(busy))
        for minute in minutes:
            name = dice.choices(pool, weights)[0]
            if is_calm and name == "faults_stop":
                continue
            numbers = {each: dice.randrange(limit) for each, limit in SPECS[name].limits.items()}
            found.append(Operation(day * DAY + minute, name, numbers))
    return found, days * DAY


def run(
    operations: Sequence[Operation],
    minutes: int,
    keep_timeline: bool = False,
    progress: Callable[[int], None] | None = None,
    functions: Collection[str] | None = None,
) -> Told:
    """Live through a history. A promise that is broken, or a crash, ends it."""
    told = Told(operations, minutes, functions=functions)
    with Simulation(keep_timeline, functions) as simulation:
        told.simulation = simulation
        step = -1
        try:
            for each in operations:
                step += 1
                simulation.apply(each)
                if progress is not None:
                    progress(each.minute)
            step = len(operations)
            simulation.advance_to(minutes)
            simulation.settle(minutes + 2 * DAY)
        except Violated as error:
            told.violation, told.problem, told.step = error.violation, str(error), step
            simulation.log("violations", error.violation.invariant, error.violation.detail)
        told.summary = simulation.summary()
    return told


def shrink(told: Told, tries: int = 400, say: Callable[[int, int], None] | None = None) -> Told:
    """Leave out what is not needed for the same promise to break (delta debugging)."""
    if told.violation is None:
        return told
    best = told
    invariant = told.violation.invariant
    needed = list(told.operations[: (told.step or 0) + 1])
    minutes = told.minutes
    pieces = 2
    while tries > 0 and needed:
        size = max(1, len(needed) // pieces)
        for begin in range(0, len(needed), size):
            tries -= 1
            shorter = needed[:begin] + needed[begin + size :]
            again = run(shorter, _minutes(shorter, best, minutes), functions=told.functions)
            if again.violation is not None and again.violation.invariant == invariant:
                needed, best = shorter[: (again.step or 0) + 1], again
                pieces = max(2, pieces - 1)
                break
            if tries <= 0:
                break
        else:
            if size == 1:
                break
            pieces = min(len(needed), pieces * 2)
        if say is not None:
            say(len(needed), tries)
    best.operations = needed
    return best


def _minutes(operations: Sequence[Operation], best: Told, minutes: int) -> int:
    """No longer than until the violation that is known, and a day."""
    assert best.violation is not None
    assert best.simulation is not None
    reached = int((best.violation.at - best.simulation.begin).total_seconds() // 60) + DAY
    return min(minutes, max([reached, *(each.minute for each in operations[-1:])]))
