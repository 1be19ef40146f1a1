"""A promise nobody can break is no promise: known bugs in the functions' real code are each caught.

The bugs are listed by name in ``mutations.py``. The functions without bugs hold on the same histories.
"""

from __future__ import annotations

from functools import cache

import pytest

from tests.simulation.mutations import BUGS, CLEANING, EVERYTHING, INSTANCES, LOGS, MACHINES, PAIR, TAGGING, Scene

SEEDS = range(100, 129)
# Histories beside those that show a bug: everything together in some, what comes rarely in a few more of its own.
HOLDS = {
    "everything": (EVERYTHING, range(100, 106)),
    "tagging": (TAGGING, range(102, 104)),
    "machines": (MACHINES, range(100, 105)),
    "instances": (INSTANCES, range(100, 110)),
    "pair": (PAIR, range(100, 101)),
    "cleaning": (CLEANING, range(103, 105)),
    "logs": (LOGS, range(100, 105)),
}


@cache
def problem_without_bugs(scene: Scene, seed: int) -> str:
    told = scene.told(seed)
    return f"seed {seed}, step {told.step}: {told.problem}" if told.problem else ""


@pytest.mark.parametrize("name", BUGS)
def test_the_bug_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = BUGS[name]
    found.apply(monkeypatch)
    for seed in sorted(SEEDS, key=lambda seed: (seed < found.first, seed)):
        if found.scene.told(seed).violation is not None:
            monkeypatch.undo()
            assert not problem_without_bugs(found.scene, seed)
            return
    pytest.fail(f"{name} breaks no promise on seeds {SEEDS.start} to {SEEDS.stop - 1}: no invariant sees it")


@pytest.mark.parametrize(
    ("scene", "seed"),
    [pytest.param(scene, seed, id=f"{name}-{seed}") for name, (scene, seeds) in HOLDS.items() for seed in seeds],
)
def test_without_bugs_every_promise_holds_on_the_same_histories(scene: Scene, seed: int) -> None:
    assert not problem_without_bugs(scene, seed)
