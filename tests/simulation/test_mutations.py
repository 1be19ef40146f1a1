"""A promise nobody can break is no promise: known bugs in the functions' real code are each caught.

The bugs are listed by name in ``mutations.py``. Every bug gets the same seeds, on all of which
the functions without bugs hold.
"""

from __future__ import annotations

import pytest

from tests.simulation import history
from tests.simulation.mutations import BUGS

SEEDS = range(100, 120)
MONTHS = 0.5


@pytest.mark.parametrize("name", BUGS)
def test_the_bug_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BUGS[name](monkeypatch)
    for seed in SEEDS:
        if history.run(*history.make(seed, MONTHS)).violation is not None:
            return
    pytest.fail(f"{name} breaks no promise on seeds {SEEDS.start} to {SEEDS.stop - 1}: no invariant sees it")


@pytest.mark.parametrize("seed", SEEDS)
def test_without_bugs_every_promise_holds_on_the_same_seeds(seed: int) -> None:
    told = history.run(*history.make(seed, MONTHS))
    assert not told.problem, f"seed {seed}, step {told.step}: {told.problem}"
