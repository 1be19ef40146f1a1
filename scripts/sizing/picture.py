"""The month as a picture (docs/month.svg) and as a table (docs/sizing.md)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from statistics import median

from pipelines.sequencing.steps.chart import Series, line_chart
from scripts.sizing.cluster import HOUR
from scripts.sizing.compare import Compared
from scripts.sizing.month import DAY, DAYS

_WIDTH, _HEIGHT, _HEAD = 860, 240, 46
_STYLE = """
text { font: 12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #5b6878; }
.title { font-size: 14px; font-weight: 600; fill: #16202c; }
.grid { stroke: #edf0f3; } .line { fill: none; stroke-width: 1.5; stroke-linejoin: round; } .area { opacity: .16; }
.series-0 { stroke: #8a95a3; stroke-dasharray: 5 3; } .series-1 { stroke: #1f6fb8; } .series-2 { stroke: #d1691c; }
.area { stroke: none; } .area.series-1 { fill: #1f6fb8; }
"""


def rows(compared: Sequence[Compared]) -> list[tuple[str, ...]]:
    """What is compared, and a column for each toolchain."""
    described = [_described(each) for each in compared]
    return [(name, *(column[name] for column in described)) for name in described[0]]


def _described(each: Compared) -> dict[str, str]:
    hours, ready = each.month.cluster.node_hours(), each.month.took

    def to(other: float) -> str:
        return f"{other:,.0f} ({hours / other:.2f})"

    return {
        "genomes": f"{len(ready)}",
        "hours until a genome is ready: median, longest": f"{median(ready) / HOUR:.1f}, {ready[-1] / HOUR:.1f}",
        "processor-hours of nodes": f"{hours:,.0f}",
        "lower bound": f"{each.month.lower_bound:,.0f}",
        "nodes to lower bound": f"{each.month.ratio:.2f}",
        "the worst of twenty other months": f"{each.worst:.2f}",
        "with nodes shared as the scheduler will": f"{each.shared.ratio:.2f}",
        "always on, for the most that ran at once (nodes to it)": to(each.most_always),
        "always on, the fewest with all ready in a day (nodes to it)": to(each.fewest_always),
        "nodes for drivers besides": f"{each.month.driver_hours:,.0f}",
        "steps begun again because Spot took the node": f"{each.month.cluster.begun_again}",
    }


def table(compared: Sequence[Compared]) -> str:
    """The table of docs/sizing.md."""
    lines = [f"| | {' | '.join(each.toolchain for each in compared)} |", "|---|" + "---:|" * len(compared)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows(compared)), ""])


def draw(compared: Compared) -> str:
    """An SVG file: processors of nodes and those requested, over the month and over three days of it."""
    cluster = compared.month.cluster
    nodes, requested = _steps(cluster.processors()), _steps(sorted(cluster.requested))
    always = compared.most_always / (DAYS * 24)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {2 * (_HEIGHT + _HEAD)}">',
        f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>',
    ]
    for number, (title, start, end) in enumerate(
        (
            (f"A month, {compared.toolchain} toolchain, {len(compared.month.took)} genomes", 0, DAYS),
            ("Days 10 to 13 of it", 10, 13),
        )
    ):
        chart = line_chart(
            [
                Series("nodes", "series-1", _between(nodes, start, end), filled=True),
                Series("requested", "series-2", _between(requested, start, end)),
                Series("always on", "series-0", [(start, always), (end, always)]),
            ],
            x_label="day",
            y_label="processors",
            title=title,
            size=(_WIDTH, _HEIGHT),
            y_max=always * 1.1,
        )
        top = number * (_HEIGHT + _HEAD)
        parts.append(f'<text class="title" x="52" y="{top + 20}">{title}</text>')
        for place, (name, style) in enumerate(
            (("of nodes", "series-1"), ("requested by steps", "series-2"), ("always on", "series-0"))
        ):
            left = 52 + 170 * place
            parts.append(f'<line class="line {style}" x1="{left}" x2="{left + 22}" y1="{top + 36}" y2="{top + 36}"/>')
            parts.append(f'<text x="{left + 28}" y="{top + 40}">{name}</text>')
        parts.append(f'<svg y="{top + _HEAD}" width="{_WIDTH}" height="{_HEIGHT}">{chart}</svg>')
    return "".join([*parts, "</svg>\n"])


def _steps(changes: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """(day, level) of something that changes at moments, with corners."""
    levels = list(accumulate(change for _, change in changes))
    points = [(0.0, 0.0)]
    for (time, _), level in zip(changes, levels, strict=True):
        points += [(time / DAY, points[-1][1]), (time / DAY, level)]
    return points


def _between(points: Sequence[tuple[float, float]], start: float, end: float) -> list[tuple[float, float]]:
    before = [level for day, level in points if day <= start][-1]
    inside = [point for point in points if start < point[0] < end]
    return [(start, before), *inside, (end, inside[-1][1] if inside else before)]
