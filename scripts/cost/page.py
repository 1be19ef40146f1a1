"""The forecast as one HTML page (``.build/cost/index.html``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

from jinja2 import Environment as Templates
from jinja2 import FileSystemLoader, StrictUndefined

from pipelines.sequencing.steps.chart import Series, line_chart
from scripts.cost.infrastructure import Infrastructure
from scripts.cost.ledger import STORAGE_GROUPS, Group
from scripts.cost.scenarios import Forecast, Inputs, Variation
from scripts.cost.table import CASE_STUDY, TARGET, dollars, rows, unverified, verdict

TEMPLATES = Path(__file__).parent
LEFT_OUT = (
    "GuardDuty, AWS Config, Macie and support: billed by what happens in the account",
    "reading by people from the lake into the internet, and what dashboards query",
    "the container registry, S3 access logs and reports of functions: gigabytes",
    "storage that was bought ahead, savings plans and discounts by contract",
    "storage classes of single noncurrent versions other than where they were when they became so",
    "what a failover costs while it lasts",
)


def write_page(
    path: Path, inputs: Inputs, forecasts: Mapping[str, Forecast], varied: Sequence[Variation], plan: str
) -> Path:
    """Render the page to ``path``; ``plan`` says where the infrastructure was counted."""
    workload = inputs.workload
    templates = Templates(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True)
    templates.filters["dollars"] = dollars
    found = list(rows(forecasts, workload.compared_with))
    text = templates.get_template("page.html.j2").render(
        workload=workload,
        table=inputs.table,
        forecasts=forecasts,
        groups=found[: len(Group)],
        sums=found[len(Group) :],
        verdict=verdict(forecasts, workload.compared_with, varied),
        variations=varied,
        compared_with=forecasts[workload.compared_with].scenario.title,
        target=TARGET if workload.compared_with == CASE_STUDY else None,
        charts=_charts(forecasts, workload.months),
        bars=_bars(forecasts),
        legend=list(Group),
        unverified=unverified(forecasts),
        counted=_counted(inputs.infrastructure),
        plan=plan,
        left_out=LEFT_OUT,
        made=datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC"),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _charts(forecasts: Mapping[str, Forecast], months: int) -> list[tuple[str, list[tuple[str, str]], str]]:
    """(title, legend, SVG): cumulated storage with and without EFS alone, which dwarfs the others."""
    styles = {name: f"series-{number}" for number, name in enumerate(forecasts, 1)}
    found = []
    for title, names in (
        ("Storage so far, USD", list(forecasts)),
        ("The same without everything on EFS", [name for name, each in forecasts.items() if each.scenario.lake]),
    ):
        series = [
            Series(
                forecasts[name].scenario.title,
                styles[name],
                list(enumerate(accumulate(forecasts[name].ledger.monthly(months, STORAGE_GROUPS)), 1)),
            )
            for name in names
        ]
        legend = [(each.name, each.style) for each in series]
        found.append((title, legend, line_chart(series, x_label="month", y_label="USD", title=title)))
    return found


def _bars(forecasts: Mapping[str, Forecast]) -> list[tuple[str, float, list[tuple[int, str, float]]]]:
    """(scenario, USD, parts as (number of the group, title, percent of the longest bar)), EFS alone left out."""
    lakes = [each for each in forecasts.values() if each.scenario.lake]
    longest = max(each.total for each in lakes)
    return [
        (
            each.scenario.title,
            each.total,
            [
                (number, f"{group}: {dollars(sums.get(group, 0.0))} USD", 100 * sums.get(group, 0.0) / longest)
                for number, group in enumerate(Group)
            ],
        )
        for each in lakes
        for sums in [each.ledger.by(lambda line: line.usage.group)]
    ]


def _counted(infrastructure: Infrastructure) -> list[tuple[str, float, float]]:
    primary, recovery = infrastructure.primary.model_dump(), infrastructure.recovery.model_dump()
    return [(name.replace("_", " "), primary[name], recovery[name]) for name in primary]
