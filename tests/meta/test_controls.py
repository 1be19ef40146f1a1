"""The control map names what there is: files, resources, runs and targets are looked for by `make lint`, tests here."""

import subprocess
import sys

from scripts.evidence.controls import load
from scripts.paths import REPOSITORY

CONTROLS = load()


def test_every_source_has_controls_and_there_are_many() -> None:
    assert {control.source for control in CONTROLS.controls} == set(CONTROLS.sources)
    assert len(CONTROLS.controls) >= 60


def test_every_owner_answers_for_something() -> None:
    assert {control.owner for control in CONTROLS.controls} == set(CONTROLS.owners)


def test_every_test_that_is_named_is_collected() -> None:
    named = [name for name in CONTROLS.checks("pytest") if (REPOSITORY / name.split("::")[0]).exists()]
    files = sorted({name.split("::")[0] for name in named})
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr[-3000:]
    collected = {line for line in answer.stdout.splitlines() if "::" in line}
    missing = [
        name
        for name in named
        if not any(node == name or node.startswith((f"{name}[", f"{name}::")) for node in collected)
    ]
    assert named
    assert not missing
