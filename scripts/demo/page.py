"""The demo's HTML page: what happened, as a picture and as tables, in one file that needs nothing else."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from jinja2 import Environment as Templates
from jinja2 import FileSystemLoader, StrictUndefined

from scripts.demo.observe import LakeObject, Notice
from scripts.infrastructure.environments import Environment

TEMPLATES = Path(__file__).parent


def human_size(size: float) -> str:
    """Bytes as a short text in binary units."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError("unreachable")


def human_duration(seconds: float) -> str:
    """Seconds as minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def write_page(
    path: Path,
    environment: Environment,
    rows: list[LakeObject],
    messages: list[Notice],
    steps: list[tuple[str, float]],
    handoff: dict[str, Any],
) -> Path:
    """Render the page to ``path``."""
    latencies = [row.latency for row in rows if row.latency is not None]
    templates = Templates(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True)
    templates.filters |= {"size": human_size, "duration": human_duration}
    text = templates.get_template("page.html.j2").render(
        environment=environment,
        rows=rows,
        classes=Counter(row.data_class for row in rows).most_common(),
        messages=messages,
        steps=steps,
        longest=max(seconds for _, seconds in steps),
        total=sum(seconds for _, seconds in steps),
        bytes=sum(row.size for row in rows),
        replicated=sum(row.is_settled for row in rows),
        latency=median(latencies) if latencies else 0.0,
        handoff=handoff,
        made=datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC"),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
