"""The page of the drills, and what they say to programs."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scripts.drill.day import Day
from scripts.drill.ledger import Outcome, Write
from scripts.drill.page import TARGETS, write_page
from scripts.drill.run import Done, Drill, union
from scripts.recovery.runbook import Step

BEGAN = datetime(2026, 11, 26, 14, 30, tzinfo=UTC)
STOPPED = BEGAN + timedelta(hours=10)


def drill(age_of_the_lost: timedelta) -> Drill:
    """A drill with two writes to the lake, of which the second is lost, and two steps."""
    kept = Write("lake", "raw/kept", "v1", BEGAN + timedelta(hours=1), copied=True)
    lost = Write("lake", "raw/lost", "v2", STOPPED - age_of_the_lost)
    outcomes = [Outcome("lake", 2, (lost,), age_of_the_lost, timedelta(minutes=4))]
    outcomes += [Outcome(target, 0, (), timedelta(), timedelta(minutes=4)) for target in TARGETS if target != "lake"]
    moment, steps = STOPPED, []
    for number, page in enumerate(["region-failover.md", "region-failback.md"], start=1):
        step = Step(number, "A step", 60, "true", ())
        steps.append(Done(page, step, moment, moment + timedelta(hours=1), 2.0))
        moment += timedelta(hours=1)
    return Drill(
        Day(7, (), timedelta(hours=10), 30, 60),
        BEGAN,
        stopped=STOPPED,
        returned=STOPPED + timedelta(hours=1),
        writes=[kept, lost],
        steps=steps,
        outcomes=outcomes,
        by_copy={"transfer to the lake": timedelta(minutes=40)},
        checks=[("people read what they may", True, "12 of 40")],
        ended=moment,
    )


def svg_of(path: Path) -> ElementTree.Element:
    """The first timeline; what the page itself wrote is parsed, nobody else's XML."""
    text = path.read_text(encoding="utf-8")
    return ElementTree.fromstring(text[text.index("<svg") : text.index("</svg>") + len("</svg>")])


@pytest.mark.parametrize(("minutes", "is_within"), [(15, True), (16, False)])
def test_the_page_says_what_was_lost_and_whether_it_is_within_the_target(
    tmp_path: Path, minutes: int, is_within: bool
) -> None:
    page = write_page(tmp_path / "index.html", [drill(timedelta(minutes=minutes))])
    (document,) = json.loads((tmp_path / "drills.json").read_text(encoding="utf-8"))
    assert document["targets"]["lake"]["rpo"] == minutes * 60
    assert [each["name"] for each in document["targets"]["lake"]["lost"]] == ["raw/lost"]
    assert bool(document["problems"]) is not is_within
    assert ('<span class="bad">over</span>' in page.read_text(encoding="utf-8")) is not is_within
    assert "40 min 00 s by the transfer to the lake" in page.read_text(encoding="utf-8")


def test_writes_and_steps_lie_along_time(tmp_path: Path) -> None:
    svg = svg_of(write_page(tmp_path / "index.html", [drill(timedelta(minutes=5))]))
    kept, lost = svg.findall("circle")
    assert float(kept.attrib["cx"]) < float(lost.attrib["cx"])
    assert kept.attrib["fill"] != lost.attrib["fill"]
    over, back = svg.findall("rect")
    assert float(over.attrib["x"]) + float(over.attrib["width"]) <= float(back.attrib["x"]) + 0.1
    assert float(over.attrib["y"]) < float(back.attrib["y"])
    assert max(float(each.attrib["x"]) for each in svg.findall("text")) <= float(svg.attrib["viewBox"].split()[2])


def test_what_is_in_any_copy_is_there() -> None:
    first, second = defaultdict(set, {"a": {"1"}}), defaultdict(set, {"a": {"2"}, "b": {"3"}})
    assert union([first, second]) == {"a": {"1", "2"}, "b": {"3"}}
