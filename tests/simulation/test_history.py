"""Histories: the same seed is the same history, and one that breaks a promise gets shorter and can be kept."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from scripts import simulate
from scripts.talk import EXIT_FAILURE, UserError
from tests.simulation import history
from tests.simulation.mutations import BUGS
from tests.simulation.operations import SPECS, Operation

MONTHS = 0.25
BUG, PROMISE = "starter_starts_although_one_is_under_way", "at most one transfer runs"


def _told(told: history.Told) -> Mapping[str, Any]:
    return {"summary": told.summary, "problem": told.problem}


def test_the_same_seed_is_the_same_history() -> None:
    first, second = (history.run(*history.make(11, MONTHS)) for _ in range(2))
    assert _told(first) == _told(second)
    assert history.make(11, MONTHS) != history.make(12, MONTHS)


def test_a_part_of_a_history_is_a_history() -> None:
    operations, minutes = history.make(13, MONTHS)
    for part in (operations[1::2], []):
        assert not history.run(part, minutes).problem


def test_every_kind_of_operation_happens_within_some_months() -> None:
    happened = {each.name for seed in range(6) for each in history.make(seed, 2)[0]}
    assert happened == set(SPECS)


def test_operations_survive_json() -> None:
    operations, _ = history.make(14, MONTHS)
    assert [Operation.from_json(json.loads(json.dumps(each.to_json()))) for each in operations] == operations


@dataclass(frozen=True)
class Broken:
    """What ``make simulate`` said and left of a history that breaks a promise."""

    seed: int
    said: str
    folder: Path
    replay: Mapping[str, Any]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Broken:
    """The history that is known to show the bug."""
    place, bug = tmp_path_factory.mktemp("simulation"), BUGS[BUG]
    arguments = ["simulate", "--months", str(bug.scene.months), "--seed", str(bug.first)]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as said:
        bug.apply(patch)
        patch.setattr(simulate, "PLACE", place)
        patch.setattr("sys.argv", arguments)
        assert simulate.main() == EXIT_FAILURE
    folder = place / str(bug.first)
    return Broken(bug.first, said.getvalue(), folder, json.loads((folder / "replay.json").read_text()))


def test_a_broken_promise_is_made_shorter_and_breaks_the_same_promise(broken: Broken) -> None:
    operations, _ = history.make(broken.seed, BUGS[BUG].scene.months)
    assert len(broken.replay["operations"]) <= 3 < len(operations)
    assert broken.replay["problem"].startswith(PROMISE)


def test_make_simulate_says_what_broke_and_how_to_see_it_again(
    broken: Broken, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = broken.folder / "replay.json"
    assert f"seed {broken.seed}, step" in broken.said
    assert PROMISE in broken.said
    assert f"--replay {kept}" in broken.said
    BUGS[BUG].apply(monkeypatch)
    monkeypatch.setattr(simulate, "PLACE", tmp_path)
    monkeypatch.setattr("sys.argv", ["simulate", "--replay", str(kept)])
    assert simulate.main() == EXIT_FAILURE
    assert PROMISE in capsys.readouterr().out


def test_the_picture_shows_a_violation(broken: Broken) -> None:
    page = (broken.folder / "report.html").read_text()
    assert f"Broken: {PROMISE}" in page
    assert "violations (1)" in page


def test_make_simulate_leaves_timeline_summary_and_picture(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(simulate, "PLACE", tmp_path)
    monkeypatch.setattr("sys.argv", ["simulate", "--months", "0.2", "--seed", "5"])
    assert simulate.main() == 0
    assert "all hold" in capsys.readouterr().out
    lines = [json.loads(line) for line in (tmp_path / "5" / "timeline.jsonl").read_text().splitlines()]
    assert {"transfers", "files"} <= {each["lane"] for each in lines}
    assert json.loads((tmp_path / "5" / "summary.json").read_text())["problem"] == ""
    page = (tmp_path / "5" / "report.html").read_text()
    assert "<svg" in page
    # Nothing is loaded from elsewhere; a failure's text, and no markup, may hold an address.
    assert not re.search(r"\b(src|href)=|@import|\burl\(", page)
    assert not re.search(r"<[^>]*http", page.replace("http://www.w3.org/2000/svg", ""))


@pytest.mark.parametrize("arguments", [["--months", "0"], ["--seeds", "0"], ["--replay", "missing.json"]])
def test_make_simulate_says_what_is_wrong_with_its_arguments(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["simulate", *arguments])
    with pytest.raises(UserError):
        simulate.main()


def test_an_operation_this_version_does_not_know_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    unknown = replace(Operation(1, "write_file", {}), name="fly_away").to_json()
    file = tmp_path / "replay.json"
    file.write_text(json.dumps({"seed": 1, "minutes": 10, "operations": [unknown]}))
    monkeypatch.setattr("sys.argv", ["simulate", "--replay", str(file)])
    with pytest.raises(UserError, match="fly_away"):
        simulate.main()
