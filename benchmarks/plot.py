"""The picture of ``make bench``: what each contender takes for one unit, and how it grows (both axes logarithmic)."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from math import ceil, floor, log10
from statistics import median
from typing import Any

_WIDTH, _ROW, _LEFT, _BAR, _PLOT = 900, 24, 220, 460, 220
_COLOURS = ("#8a95a3", "#1f6fb8", "#d1691c", "#2e8b57", "#8a4fbf")
_STYLE = (
    'text { font: 12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #5b6878; }'
    " .title { font-size: 14px; font-weight: 600; fill: #16202c; } .grid { stroke: #edf0f3; }"
)


def draw(pairs: Mapping[str, Mapping[str, Any]]) -> str:
    """An SVG file of the documents that ``benchmarks.__main__`` writes, by the pair's name."""
    parts: list[str] = []
    y = 10
    for name, pair in pairs.items():
        y = _bars(parts, name, pair, y)
        if pair["sweeps"]:
            y = _growth(parts, pair, y)
        y += 24
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}"><style>{_STYLE}</style>'
    return f'{head}<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'


def _bars(parts: list[str], name: str, pair: Mapping[str, Any], y: int) -> int:
    what = pair["measure"]
    parts.append(f'<text class="title" x="10" y="{y + 14}">{escape(name)}: {what} us per {escape(pair["unit"])}</text>')
    y += 24
    found = {
        contender: median(each[what] / each["size"] for each in costs) * 1e6
        for contender, costs in pair["rounds"].items()
    }
    most = max(*found.values(), 1e-6)
    for number, (contender, value) in enumerate(found.items()):
        length = max(2.0, value / most * _BAR)
        note = _note(pair["ratios"][contender]["median"]) if contender in pair["ratios"] else ""
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(contender)}</text>'
            f'<rect x="{_LEFT}" y="{y + 3}" width="{length:.0f}" height="15" fill="{_colour(number)}"/>'
            f'<text x="{_LEFT + length + 6:.0f}" y="{y + 14}">{value:,.{0 if value >= 100 else 2}f}{note}</text>'
        )
        y += _ROW
    return y


def _note(ratio: float) -> str:
    return f" ({ratio:,.1f} times less)" if ratio >= 1 else f" ({1 / ratio:,.1f} times more)"


def _growth(parts: list[str], pair: Mapping[str, Any], y: int) -> int:
    what = pair["measure"]
    lines = {
        name: [(log10(each["size"]), log10(max(each[what], 1e-6))) for each in sweep["runs"]]
        for name, sweep in pair["sweeps"].items()
    }
    xs, ys = zip(*(point for line in lines.values() for point in line), strict=True)
    left, right, low, high = floor(min(xs)), ceil(max(xs)), floor(min(ys)), ceil(max(ys))

    def place(point: tuple[float, float]) -> tuple[float, float]:
        across = _LEFT + (point[0] - left) / max(right - left, 1) * _BAR
        return across, y + 10 + (high - point[1]) / max(high - low, 1) * (_PLOT - 40)

    for power in range(low, high + 1):
        _, level = place((left, power))
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_LEFT + _BAR}" y1="{level:.0f}" y2="{level:.0f}"/>'
            f'<text x="{_LEFT - 8}" y="{level + 4:.0f}" text-anchor="end">{10.0**power:g} s</text>'
        )
    for power in range(left, right + 1):
        across, _ = place((power, low))
        parts.append(f'<text x="{across:.0f}" y="{y + _PLOT - 14}" text-anchor="middle">{10**power:,}</text>')
    names = list(pair["rounds"])
    for name, line in lines.items():
        colour = _colour(names.index(name))
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in map(place, line))
        end = place(line[-1])
        slope = pair["sweeps"][name]["exponent"]
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<text x="{end[0] + 8:.0f}" y="{end[1] + 4:.0f}">{escape(name)}, size^{slope:.2f}</text>'
        )
    return y + _PLOT


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]
