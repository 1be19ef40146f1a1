"""Line charts as inline SVG, coloured by the page's style sheet (``series-1`` ...), so they follow its dark mode."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 10, 40
_DOTS = 60


@dataclass(frozen=True)
class Series:
    """A line by its name, its style class and its points; ``filled`` paints the area below it."""

    name: str
    style: str
    points: Sequence[tuple[float, float]]
    filled: bool = False


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers (1, 2, 2.5 or 5 times a power of ten apart) within a range, about so many."""
    if high <= low:
        return [low]
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def short(value: float) -> str:
    """A number for an axis: ``12k``, ``3.4M``, ``0.25``."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.6g}{letter}"
    return f"{value:.6g}"


def line_chart(
    series: Sequence[Series],
    *,
    x_label: str,
    y_label: str,
    title: str,
    size: tuple[int, int] = (860, 240),
    y_max: float | None = None,
    x_range: tuple[float, float] | None = None,
    dots: bool = False,
) -> str:
    """One chart; the y axis starts at 0 and ends at ``y_max`` or a little above the highest point, the x axis covers
    the points or ``x_range``. ``dots`` marks the points, so that a line of one can be seen."""
    width, height = size
    xs = [x for each in series for x, _ in each.points]
    ys = [y for each in series for _, y in each.points]
    if not xs:
        return f'<p class="empty">{escape(title)}: there is nothing to draw.</p>'
    left, right = x_range or (min(xs), max(max(xs), min(xs) + 1))
    top = y_max if y_max is not None else (max(ys) * 1.08 or 1.0)

    def place(x: float, y: float) -> tuple[float, float]:
        across = _LEFT + (x - left) / (right - left) * (width - _LEFT - _RIGHT)
        down = height - _BOTTOM - min(y, top) / top * (height - _TOP - _BOTTOM)
        return round(across, 1), round(down, 1)

    parts = [f'<svg class="chart" viewBox="0 0 {width} {height}" role="img"><title>{escape(title)}</title>']
    for tick in ticks(0, top, max(3, height // 45)):
        _, y = place(left, tick)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="tick" x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{short(tick)}</text>')
    for tick in ticks(left, right, max(4, width // 100)):
        x, _ = place(tick, 0)
        parts.append(
            f'<text class="tick" x="{x}" y="{height - _BOTTOM + 17}" text-anchor="middle">{short(tick)}</text>'
        )
    parts.append(
        f'<text class="label" x="{(width + _LEFT - _RIGHT) / 2}" y="{height - 5}" text-anchor="middle">'
        f"{escape(x_label)}</text>"
        f'<text class="label" transform="translate(12 {(height - _BOTTOM + _TOP) / 2}) rotate(-90)" '
        f'text-anchor="middle">{escape(y_label)}</text>'
    )
    for each in series:
        line = " ".join(f"{x},{y}" for x, y in (place(*point) for point in each.points))
        if each.filled:
            base = height - _BOTTOM
            first, last = place(*each.points[0])[0], place(*each.points[-1])[0]
            parts.append(f'<polygon class="area {each.style}" points="{first},{base} {line} {last},{base}"/>')
        parts.append(
            f'<polyline class="line {each.style}" points="{line}"><title>{escape(each.name)}</title></polyline>'
        )
        if dots and len(each.points) <= _DOTS:
            places = (place(*point) for point in each.points)
            parts += [f'<circle class="dot {each.style}" cx="{x}" cy="{y}" r="2.5"/>' for x, y in places]
    parts.append("</svg>")
    return "".join(parts)
