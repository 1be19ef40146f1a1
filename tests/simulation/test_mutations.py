"""A promise nobody can break is no promise: known bugs in the functions' real code are each caught.

The bugs are listed by name in ``mutations.py``. The functions without bugs hold on the same histories.
"""

from __future__ import annotations

import pytest

from tests.simulation.mutations import BUGS, CLEANING, EVERYTHING, LOGS, MACHINES, Scene

SEEDS = range(100, 124)
HOLDS = range(100, 110)


@pytest.mark.parametrize("name", BUGS)
def test_the_bug_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = BUGS[name]
    found.apply(monkeypatch)
    for seed in SEEDS:
        if found.scene.told(seed).violation is not None:
            return
    pytest.fail(f"{name} breaks no promise on seeds {SEEDS.start} to {SEEDS.stop - 1}: no invariant sees it")


@pytest.mark.parametrize(
    "scene", [EVERYTHING, MACHINES, CLEANING, LOGS], ids=["everything", "machines", "cleaning", "logs"]
)
@pytest.mark.parametrize("seed", HOLDS)
def test_without_bugs_every_promise_holds_on_the_same_histories(seed: int, scene: Scene) -> None:
    told = scene.told(seed)
    assert not told.problem, f"seed {seed}, step {told.step}: {told.problem}"
