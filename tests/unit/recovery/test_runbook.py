"""The steps of the runbooks: what people read is what the drill runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.drill.run import RUNBOOKS
from scripts.recovery.__main__ import RESTORE_DIRECTORY, STEPS
from scripts.recovery.runbook import Step, read_steps
from scripts.recovery.targets import read_targets
from scripts.talk import UserError

PAGES = ("region-failover.md", "region-failback.md")
STEP = "### 1. Look\n\nTakes 2 minutes. Gives back: lake, volumes.\n\n```sh\nmake status\n```\n"


def page(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_step_is_read_as_it_stands(tmp_path: Path) -> None:
    text = f"# Title\n\n    export ENV=x\n\n## Act\n\n{STEP}\n## Verify\n\n```sh\nmake lake\n```\n"
    assert read_steps(page(tmp_path, text)) == [Step(1, "Look", 2, "make status", ("lake", "volumes"))]


@pytest.mark.parametrize(
    "text",
    [
        "no step at all",
        STEP.replace("### 1.", "### 2."),
        STEP.replace("Takes 2 minutes.", "Takes a while."),
        STEP.replace("```sh\nmake status\n```\n", "make status\n"),
        f"{STEP}\n```sh\nmake lake\n```\n",
        f"{STEP}{STEP}",
    ],
    ids=["none", "number", "minutes", "no command", "two commands", "the same number twice"],
)
def test_a_step_that_cannot_be_followed_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError):
        read_steps(page(tmp_path, text))


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_name_steps_that_there_are(name: str) -> None:
    for step in read_steps(RUNBOOKS / name):
        words = step.command.split()
        assert words[0] == "make"
        assert "ENV=$ENV" in words
        if words[1] == "recover":
            (called,) = [word.removeprefix("STEP=") for word in words if word.startswith("STEP=")]
            assert called in {*STEPS, RESTORE_DIRECTORY}


def test_every_step_stands_on_a_page() -> None:
    commands = " ".join(step.command for name in PAGES for step in read_steps(RUNBOOKS / name))
    named = {step for step in (*STEPS, RESTORE_DIRECTORY) if f"STEP={step} " in commands}
    assert {*STEPS, RESTORE_DIRECTORY} - named == {"ready"}


def test_the_minutes_of_the_pages_are_within_the_targets() -> None:
    passed = 0
    usable: dict[str, int] = {}
    for step in read_steps(RUNBOOKS / "region-failover.md"):
        passed += step.minutes
        usable |= dict.fromkeys(step.gives_back, passed)
    targets = read_targets()
    assert usable.keys() == targets.keys()
    assert {name for name, minutes in usable.items() if minutes * 60 > targets[name].rto.total_seconds()} == set()
