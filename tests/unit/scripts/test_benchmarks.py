"""The frame of make bench: what it measures, and what it computes of that."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks import frame
from benchmarks.frame import Contender, Cost, Meter, Pair, exponent, find_pairs, measure, ratios
from benchmarks.pairs import cleaner
from benchmarks.plot import draw
from scripts.paths import REPOSITORY
from scripts.talk import UserError


def cost(size: int, cpu: float) -> Cost:
    return Cost(size=size, cpu=cpu, wall=2 * cpu, peak_bytes=1, counts={"calls": size})


def never(*_: object) -> dict[str, float]:
    raise AssertionError


PAIR = Pair("thing", {"plain": Contender(never), "fast": Contender(never, sweep=(10, 100))}, 10, promises={"fast": 2})


def test_a_ratio_is_of_one_unit_and_of_one_round() -> None:
    rounds = {"plain": [cost(10, 1.0), cost(10, 2.0)], "fast": [cost(100, 1.0), cost(100, 4.0)]}
    assert ratios(PAIR, rounds) == {"fast": pytest.approx([10.0, 5.0])}


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_exponent_is_that_of_the_growth(power: float) -> None:
    sizes = [10, 100, 1000]
    assert exponent(sizes, [3 * size**power for size in sizes]) == pytest.approx(power)


def test_a_meter_counts_what_is_inside_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    used = iter([5.0, 7.0, 10.0, 11.0])
    monkeypatch.setattr(frame, "cpu_seconds", lambda: next(used))
    meter = Meter()
    assert not meter.entered
    for _ in range(2):
        with meter:
            pass
    assert meter.entered
    assert meter.cpu == 3


def test_the_memory_is_a_program_s_own_and_not_that_of_who_started_it() -> None:
    large = bytearray(400 * 2**20)
    large[::4096] = bytes(len(large[::4096]))  # every page is there
    command = [sys.executable, "-c", "from benchmarks.frame import peak_bytes; print(peak_bytes())"]
    said = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert 5e6 < int(said) < len(large) / 2


@pytest.mark.parametrize(("name", "size"), [("tagging", 30), ("listing", 1500)])
def test_contenders_of_a_pair_come_to_the_same_counts(name: str, size: int) -> None:
    """They check themselves that all is there and nothing is doubled."""
    pair = find_pairs()[name]
    counts = [measure(name, pair, contender, size).counts for contender in pair.contenders]
    assert counts[0] == counts[1]
    assert counts[0]


def test_a_contender_that_fails_is_named_with_what_it_said() -> None:
    with pytest.raises(UserError, match=r"(?s)listing, nobody, size 1 ended with 1.*KeyError: 'nobody'"):
        measure("listing", find_pairs()["listing"], "nobody", 1)


def test_table_picture_and_json_show_every_contender(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sizes = iter(range(1, 100))
    monkeypatch.setattr(program, "find_pairs", lambda: {"things": PAIR})
    monkeypatch.setattr(program, "measure", lambda name, pair, contender, size: cost(size, size * 1e-3 * next(sizes)))
    monkeypatch.setattr(program, "FOLDER", tmp_path)
    monkeypatch.setattr("sys.argv", ["bench", "--rounds", "2"])
    assert program.main() == 1  # the fast one, which is made slower here, breaks its promise
    found = json.loads((tmp_path / "fast-paths.json").read_text())["pairs"]["things"]
    assert found["ratios"]["fast"]["median"] < 1
    assert [run["size"] for run in found["sweeps"]["fast"]["runs"]] == [10, 100]
    picture = (tmp_path / "fast-paths.svg").read_text()
    assert picture == draw({"things": found})
    assert ">plain<" in picture
    assert "size^" in picture
    # A bar is as long as what it stands for.
    plain, fast = (float(each) for each in re.findall(r'<rect x="\d+" .*?width="(\d+)"', picture))
    assert plain / fast == pytest.approx(found["ratios"]["fast"]["median"], rel=0.1)


def test_a_module_without_a_pair_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "PAIRS", "benchmarks")
    with pytest.raises(UserError, match=r"has no PAIR"):
        find_pairs()


def test_the_cleaner_runs_in_a_program_of_its_own_whose_memory_counts() -> None:
    meter = Meter()
    with cleaner.set_up(30) as setup:
        cleaner.walk(setup, 30, meter)
    assert 5e6 < meter.peak < 2e8
