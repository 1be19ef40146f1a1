"""The report of one sample: one HTML file that needs nothing else, for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from pipelines.sequencing.steps.chart import Series, line_chart, short
from pipelines.sequencing.steps.summary import Details

_TEMPLATE = "report.html.j2"
_STYLE = {"bwa": "series-1", "bowtie2": "series-2"}
_KIND = {"snv": "Single bases", "indel": "Insertions and deletions"}
TITLES = {"bwa": "BWA-MEM", "bowtie2": "Bowtie 2"}


def _quality_chart(details: Details, mate: str) -> str:
    return line_chart(
        [
            Series("as delivered", "series-0", details.quality[f"raw-{mate}"]),
            Series("after trimming", "series-1", details.quality[f"trimmed-{mate}"]),
        ],
        x_label="position in the read (bases)",
        y_label="mean quality (Phred)",
        title=f"Mean quality by position, {mate}",
        size=(420, 230),
        y_max=42,
    )


def _depth_charts(details: Details) -> dict[str, str]:
    """One chart for each aligner on the same scale: the curves nearly coincide, and one would hide the other."""
    top = 1.08 * max((window.depth for windows in details.depths.values() for window in windows), default=0.0) or 1.0
    charts = {}
    for aligner, windows in details.depths.items():
        offset, points = 0, []
        for window in windows:
            length = window.end - window.start
            points.append((offset + length / 2, window.depth))
            offset += length
        charts[aligner] = line_chart(
            [Series(TITLES[aligner], _STYLE[aligner], points, filled=True)],
            x_label="position in the genome (bases)",
            y_label="mean depth (reads)",
            title=f"Depth along the genome, {TITLES[aligner]}",
            size=(860, 180),
            y_max=top,
        )
    return charts


def _insert_charts(details: Details) -> dict[str, str]:
    return {
        aligner: line_chart(
            [
                Series(
                    TITLES[aligner],
                    _STYLE[aligner],
                    [(float(size), float(pairs)) for size, pairs in _body(sizes)],
                    filled=True,
                )
            ],
            x_label="insert size (bases)",
            y_label="pairs",
            title=f"Insert sizes, {TITLES[aligner]}",
            size=(420, 220),
        )
        for aligner, sizes in details.insert_sizes.items()
    }


def _body(sizes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The sizes without half a percent of the pairs at either end, which would squeeze the rest; in about 60 bins."""
    total, seen, kept = sum(pairs for _, pairs in sizes), 0, []
    for size, pairs in sizes:
        seen += pairs
        if 0.005 * total <= seen <= 0.995 * total:
            kept.append((size, pairs))
    step = max(1, len(kept) // 60)
    return [(kept[i][0], sum(pairs for _, pairs in kept[i : i + step])) for i in range(0, len(kept), step)]


def template(name: str) -> jinja2.Template:
    """A page of this folder, with the filters that all of them use."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": lambda value: f"{100 * value:.2f} %".replace("100.00 %", "100 %"),
        "count": lambda value: f"{value:,}".replace(",", "\u2009"),
        "short": short,
    }
    return environment.get_template(name)


def render(summary: dict[str, Any], details: Details) -> str:
    """The page. The same summary gives the same bytes: there is no date in it."""
    return template(_TEMPLATE).render(
        summary=summary,
        titles=TITLES,
        kinds=_KIND,
        styles=_STYLE,
        charts={
            "quality": {mate: _quality_chart(details, mate) for mate in ("R1", "R2")},
            "depth": _depth_charts(details),
            "inserts": _insert_charts(details),
        },
    )
