"""The drills as a page: for each a timeline and what was lost, held against the targets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment as Templates
from jinja2 import FileSystemLoader, StrictUndefined

from scripts.demo.page import human_duration
from scripts.drill.run import Drill
from scripts.recovery.targets import Target, read_targets

WIDTH, LANE, LEFT, TOP = 1080, 26, 130, 34
TARGETS = ("lake", "snapshots", "shared_storage", "volumes")


@dataclass(frozen=True)
class Timeline:
    """A drill along time: the day is drawn to one scale, what follows it to another, or the steps could not be seen."""

    drill: Drill

    @property
    def _marks(self) -> tuple[datetime, datetime, datetime]:
        drill = self.drill
        assert drill.stopped is not None
        assert drill.ended is not None
        return drill.began, drill.stopped, drill.ended

    def x(self, moment: datetime) -> float:
        """Where a moment lies, in pixels."""
        began, stopped, ended = self._marks
        middle = LEFT + 0.5 * (WIDTH - LEFT - 20)
        if moment <= stopped:
            return LEFT + (middle - LEFT) * ((moment - began) / (stopped - began))
        return middle + (WIDTH - 20 - middle) * ((moment - stopped) / (ended - stopped))

    def writes(self) -> list[dict[str, Any]]:
        """A dot for each write of the day; those that are lost say how old they were."""
        began, stopped, _ = self._marks
        lost = {each for outcome in self.drill.outcomes for each in outcome.lost}
        return [
            {
                "x": self.x(each.at),
                "y": TOP + LANE * TARGETS.index(each.target) + LANE / 2,
                "lost": each in lost,
                "title": f"{each.at:%H:%M} {each.name}{', lost' if each in lost else ''}",
            }
            for each in self.drill.writes
            if began <= each.at <= stopped
        ]

    def steps(self) -> list[dict[str, Any]]:
        """A bar for each step of the two pages."""
        return [
            {
                "x": self.x(each.began),
                "width": max(2.0, self.x(each.ended) - self.x(each.began)),
                "y": TOP + LANE * (len(TARGETS) + (each.page == "region-failback.md")),
                "number": each.step.number,
                "title": (
                    f"{each.step.number}. {each.step.title}: {each.step.minutes} min on AWS, {each.seconds:.0f} s here"
                ),
            }
            for each in self.drill.steps
        ]

    def hours(self) -> list[dict[str, Any]]:
        """Labels of the axis."""
        began, stopped, ended = self._marks
        return [{"x": self.x(each), "text": f"{each:%d %b %H:%M}"} for each in (began, stopped, ended)]


def write_page(path: Path, drills: Sequence[Drill]) -> Path:
    """Render the page to ``path``, and what it says as JSON beside it."""
    templates = Templates(loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, autoescape=True)
    templates.filters["duration"] = lambda span: human_duration(span.total_seconds())
    targets = read_targets()
    text = templates.get_template("page.html.j2").render(
        drills=drills,
        timelines={drill.day.seed: Timeline(drill) for drill in drills},
        targets=targets,
        names=TARGETS,
        size={"width": WIDTH, "height": TOP + LANE * (len(TARGETS) + 2) + 30, "lane": LANE, "left": LEFT, "top": TOP},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    document = [as_document(drill, targets) for drill in drills]
    path.with_name("drills.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    return path


def as_document(drill: Drill, targets: dict[str, Target]) -> dict[str, Any]:
    """What a drill found, for programs. Times in seconds of the platform."""
    assert drill.stopped is not None
    return {
        "seed": drill.day.seed,
        "lost_at": drill.stopped.isoformat(),
        "lake_lag": drill.day.lake_lag,
        "storage_lag": drill.day.storage_lag,
        "targets": {
            each.target: {
                "writes": each.writes,
                "lost": [{"name": write.name, "at": write.at.isoformat()} for write in each.lost],
                "rpo": each.rpo.total_seconds(),
                "rpo_target": targets[each.target].rpo.total_seconds(),
                "rto": each.rto.total_seconds(),
                "rto_target": targets[each.target].rto.total_seconds(),
            }
            for each in drill.outcomes
        },
        "rpo_of_single_copies": {name: span.total_seconds() for name, span in drill.by_copy.items()},
        "steps": [
            {
                "page": each.page,
                "number": each.step.number,
                "minutes_on_aws": each.step.minutes,
                "seconds_here": each.seconds,
            }
            for each in drill.steps
        ],
        "checks": [{"what": what, "right": is_right, "detail": detail} for what, is_right, detail in drill.checks],
        "problems": drill.problems,
    }
