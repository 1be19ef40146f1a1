"""A history as a picture: one HTML page with one SVG in it, nothing loaded from elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from html import escape

from tests.simulation.history import Told
from tests.simulation.simulation import Entry, Simulation

LEFT, RIGHT, TOP = 150, 24, 34
WIDTH, LANE, GRAPH = 1240, 30, 120
# Lane -> what it is called, and its colour.
LANES = {
    "faults": ("faults", "#b3261e"),
    "files": ("users' files", "#3b6ea5"),
    "lake": ("others in the lake", "#6d5a9c"),
    "machines": ("volumes, instances", "#8a6d3b"),
    "operations": ("people", "#555555"),
    "transfers": ("transfers", "#2e7d32"),
    "failures": ("failed runs", "#d9822b"),
    "notices": ("warnings, alerts", "#00838f"),
    "deletions": ("deletions", "#7b1f1f"),
    "violations": ("violations", "#ff0000"),
}
STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; margin: 24px; color: #222; max-width: 1260px }
h1 { font-size: 20px } h2 { font-size: 16px; margin-top: 24px }
table { border-collapse: collapse } td, th { padding: 2px 14px 2px 0; text-align: left; vertical-align: top }
svg text { font: 11px system-ui, sans-serif; fill: #333 }
.bad { color: #b3261e; font-weight: 600 } .good { color: #2e7d32; font-weight: 600 }
"""


def page(told: Told, seed: int) -> str:
    """The whole page."""
    assert told.simulation is not None
    verdict = (
        f'<p class="bad">Broken: {escape(told.problem)}</p>'
        if told.problem
        else '<p class="good">Every invariant held after every step.</p>'
    )
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(str(value))}</td></tr>"
        for name, value in told.summary.items()
        if not isinstance(value, dict)
    )
    counted = "".join(_table(title, told.summary[name]) for name, title in (("faults", "Faults"), ("counts", "Counts")))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Simulation, seed {seed}</title>'
        f"<style>{STYLE}</style></head><body><h1>Simulated operation, seed {seed}</h1>{verdict}"
        f"{drawing(told.simulation)}<h2>Summary</h2><table>{rows}</table>{counted}</body></html>\n"
    )


def drawing(simulation: Simulation) -> str:
    """The SVG: a lane of marks for each kind of thing that happened, and objects and untagged objects over time."""
    begin, end = simulation.begin, max(simulation.world.timeline.now, simulation.begin + timedelta(days=1))
    inner = WIDTH - LEFT - RIGHT

    def x(moment: datetime) -> float:
        return round(LEFT + inner * ((moment - begin) / (end - begin)), 1)

    by_lane: dict[str, list[Entry]] = {lane: [] for lane in LANES}
    for entry in simulation.entries:
        if entry.lane in by_lane:
            by_lane[entry.lane].append(entry)
    lanes = [lane for lane in LANES if by_lane[lane]]
    height = TOP + LANE * len(lanes) + 2 * (GRAPH + 30) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'role="img" aria-label="The history of one simulation">'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    ]
    parts += _days(begin, end, x, height)
    for number, lane in enumerate(lanes):
        parts += _lane(lane, by_lane[lane], TOP + LANE * number, x)
    top = TOP + LANE * len(lanes) + 30
    moments = [each[0] for each in simulation.samples]
    parts += _graph("objects in the lake", [each[1] for each in simulation.samples], moments, top, x, "#3b6ea5")
    parts += _graph("not tagged yet", [each[2] for each in simulation.samples], moments, top + GRAPH + 30, x, "#b3261e")
    return "\n".join([*parts, "</svg>"])


def _days(begin: datetime, end: datetime, x: object, height: int) -> Iterable[str]:
    assert callable(x)
    days = (end - begin) // timedelta(days=1)
    step = next(each for each in (1, 2, 5, 7, 14, 30, 60, 90, 365) if days / each <= 24 or each == 365)
    for day in range(0, days + 1, step):
        at = x(begin + timedelta(days=day))
        yield f'<line x1="{at}" y1="{TOP - 8}" x2="{at}" y2="{height - 12}" stroke="#e4e4e4"/>'
        if at < WIDTH - 40:
            yield f'<text x="{at + 2}" y="{TOP - 14}">day {day}</text>'


def _lane(lane: str, entries: Sequence[Entry], top: int, x: object) -> Iterable[str]:
    assert callable(x)
    name, colour = LANES[lane]
    yield f'<text x="8" y="{top + 17}">{name} ({len(entries)})</text>'
    yield f'<line x1="{LEFT}" y1="{top + 26}" x2="{WIDTH - RIGHT}" y2="{top + 26}" stroke="#f0f0f0"/>'
    # Many marks at one place are one mark: a month has thousands, a screen a thousand columns.
    drawn: dict[tuple[int, str], list[Entry]] = {}
    for entry in entries:
        shade = "#b3261e" if lane == "transfers" and entry.what == "ERROR" else colour
        if lane == "transfers" and entry.what == "SUCCESS":
            shade = "#a5d6a7"
        drawn.setdefault((int(x(entry.at)), shade), []).append(entry)
    for (at, shade), found in sorted(drawn.items(), key=lambda each: each[0][1] == "#b3261e"):
        first = "&#10;".join(escape(f"{each.at:%d %b %H:%M} {each.what} {each.detail}"[:120]) for each in found[:6])
        tall = min(22, 9 + 2 * len(found))
        yield (
            f'<rect x="{at}" y="{top + 25 - tall}" width="1.6" height="{tall}" fill="{shade}">'
            f"<title>{first}</title></rect>"
        )


def _graph(
    name: str, values: Sequence[int], moments: Sequence[datetime], top: int, x: object, colour: str
) -> Iterable[str]:
    assert callable(x)
    highest = max([*values, 1])
    points = []
    previous: int | None = None
    for index, (moment, value) in enumerate(zip(moments, values, strict=True)):
        if value == previous and index + 1 < len(values):
            continue
        if previous is not None:
            points.append(f"{x(moment)},{round(top + GRAPH * (1 - previous / highest), 1)}")
        points.append(f"{x(moment)},{round(top + GRAPH * (1 - value / highest), 1)}")
        previous = value
    yield f'<text x="8" y="{top + 12}">{name}</text>'
    yield f'<text x="{LEFT - 34}" y="{top + 10}">{highest}</text><text x="{LEFT - 34}" y="{top + GRAPH}">0</text>'
    base = top + GRAPH
    yield f'<line x1="{LEFT}" y1="{base}" x2="{WIDTH - RIGHT}" y2="{base}" stroke="#bbbbbb"/>'
    yield f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="1.4"/>'


def _table(title: str, counts: dict[str, int]) -> str:
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{count}</td></tr>" for name, count in Counter(counts).items())
    return f"<h2>{title}</h2><table>{rows}</table>"
