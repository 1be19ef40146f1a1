"""How long the objects of a month stay where, month by month. Ages and times are in days, results are per object.

A cohort comes in evenly over its month, or all at once (``spread`` 0), as in a ledger one does by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from operator import mul

from scripts.cost.lifecycle import FOREVER, Stage
from scripts.cost.prices import DAYS


def days_within(stage: Stage, begin: float, end: float, spread: float) -> float:
    """Days that an object of a cohort spends in a stage between two times after the cohort's first object came."""
    entered = _mean_since(end - stage.begin, spread) - _mean_since(begin - stage.begin, spread)
    if stage.end == FOREVER:
        return entered
    return entered - _mean_since(end - stage.end, spread) + _mean_since(begin - stage.end, spread)


def share_reaching(age: float, begin: float, end: float, spread: float) -> float:
    """Of a cohort, the share that reaches an age between two times."""
    if age == FOREVER:
        return 0.0
    return _share_since(end - age, spread) - _share_since(begin - age, spread)


def _mean_since(time: float, spread: float) -> float:
    """The mean of ``max(0, time - arrival)`` over arrivals between 0 and ``spread``."""
    if time <= 0:
        return 0.0
    if time >= spread:
        return time - spread / 2
    return time * time / 2 / spread


def _share_since(time: float, spread: float) -> float:
    """The share of arrivals before ``time``."""
    if time <= 0:
        return 0.0
    return 1.0 if time >= spread else time / spread


@cache
def months_in(stage: Stage, months: int, spread: float = DAYS) -> tuple[float, ...]:
    """Of each month after the one in which a cohort came, the part an object of it spends in a stage."""
    return tuple(days_within(stage, number * DAYS, (number + 1) * DAYS, spread) / DAYS for number in range(months))


@cache
def reaching(age: float, months: int, spread: float = DAYS) -> tuple[float, ...]:
    """Of a cohort, the share that reaches an age in each month after the one in which it came."""
    return tuple(share_reaching(age, number * DAYS, (number + 1) * DAYS, spread) for number in range(months))


def over_cohorts(volumes: Sequence[float], kernel: Sequence[float]) -> list[float]:
    """The sum over all cohorts: of each month, what the cohorts that have come until then add up to."""
    latest_first = volumes[::-1]
    return [sum(map(mul, latest_first[-month:], kernel)) for month in range(1, len(volumes) + 1)]
