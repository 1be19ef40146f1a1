"""Hypothesis drives the world: any operation at any time, every invariant after every step.

Where an invariant breaks, Hypothesis leaves out and lessens whatever is not needed and prints the steps that are left.
"""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.simulation.operations import SPECS, Operation
from tests.simulation.simulation import Simulation

HOUR, DAY = 60, 24 * 60
EXAMPLES, STEPS = 40, 40


class Platform(RuleBasedStateMachine):
    """One history. The rules of the table of operations are added below."""

    def __init__(self) -> None:
        super().__init__()
        self.simulation = Simulation()
        self.simulation.__enter__()
        self.minute = 0

    def teardown(self) -> None:
        self.simulation.__exit__(None, None, None)

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.minute += hours * HOUR
        self.simulation.advance_to(self.minute)

    @rule()
    @precondition(lambda self: self.minute > 0)
    def faults_stop_and_all_settles(self) -> None:
        self.minute += 3 * DAY
        self.simulation.settle(self.minute)

    @invariant()
    def promises_hold(self) -> None:
        self.simulation.invariants.check()


def _rule_of(name: str) -> Any:
    numbers: dict[str, Any] = {each: st.integers(0, limit - 1) for each, limit in SPECS[name].limits.items()}

    def happens(self: Platform, wait: int, **arguments: int) -> None:
        self.minute += wait
        self.simulation.apply(Operation(self.minute, name, arguments))

    happens.__name__ = name
    make: Any = rule
    return make(wait=st.integers(0, 3 * HOUR), **numbers)(happens)


for _name in SPECS:
    setattr(Platform, _name, _rule_of(_name))


def test_every_promise_holds_whatever_happens() -> None:
    run_state_machine_as_test(
        Platform,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
