"""Histories: the same seed is the same history, and one that breaks a promise gets shorter and can be kept."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scripts import simulate
from scripts.talk import UserError
from tests.simulation import history, picture
from tests.simulation.mutations import BUGS
from tests.simulation.operations import SPECS, Operation

MONTHS = 0.5
BUG = "starter_starts_although_one_is_under_way"


def _told(told: history.Told) -> Mapping[str, Any]:
    return {"summary": told.summary, "problem": told.problem}


def test_the_same_seed_is_the_same_history() -> None:
    first, second = (history.run(*history.make(11, MONTHS)) for _ in range(2))
    assert _told(first) == _told(second)
    assert history.make(11, MONTHS) != history.make(12, MONTHS)


def test_a_part_of_a_history_is_a_history() -> None:
    operations, minutes = history.make(13, MONTHS)
    for part in (operations[::2], operations[1::3], []):
        assert not history.run(part, minutes).problem


def test_every_kind_of_operation_happens_within_some_months() -> None:
    happened = {each.name for seed in range(6) for each in history.make(seed, 2)[0]}
    assert happened == set(SPECS)


def test_operations_survive_json() -> None:
    operations, _ = history.make(14, MONTHS)
    assert [Operation.from_json(json.loads(json.dumps(each.to_json()))) for each in operations] == operations


def test_a_broken_promise_is_made_shorter_and_breaks_the_same_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    BUGS[BUG].apply(monkeypatch)
    told = next(each for each in (history.run(*history.make(seed, MONTHS)) for seed in range(20)) if each.violation)
    shrunk = history.shrink(told)
    assert told.violation is not None
    assert shrunk.violation is not None
    assert shrunk.violation.invariant == told.violation.invariant
    assert len(shrunk.operations) <= 3 < len(told.operations)


def test_make_simulate_says_what_broke_and_how_to_see_it_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    BUGS[BUG].apply(monkeypatch)
    monkeypatch.setattr(simulate, "PLACE", tmp_path)
    seed = next(each for each in range(20) if history.run(*history.make(each, MONTHS)).violation)
    monkeypatch.setattr("sys.argv", ["simulate", "--months", str(MONTHS), "--seed", str(seed)])
    assert simulate.main() == 1
    said = capsys.readouterr().out
    assert f"seed {seed}, step" in said
    assert "at most one transfer runs" in said
    kept = tmp_path / str(seed) / "replay.json"
    assert f"--replay {kept}" in said
    monkeypatch.setattr("sys.argv", ["simulate", "--replay", str(kept)])
    assert simulate.main() == 1
    assert "at most one transfer runs" in capsys.readouterr().out


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


def test_the_picture_shows_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    BUGS[BUG].apply(monkeypatch)
    for seed in range(20):
        told = history.run(*history.make(seed, MONTHS), keep_timeline=True)
        if told.violation is not None:
            page = picture.page(told, seed)
            assert "Broken: at most one transfer runs" in page
            assert "violations (1)" in page
            return
    pytest.fail("no seed broke the promise")


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
