"""The applied dashboards as a page: the console of CloudWatch, of which the local cloud has only the data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment as Templates
from jinja2 import FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipelines.sequencing.steps.chart import Series, line_chart
from scripts.infrastructure.environments import Environment
from scripts.localcloud import LocalCloud

TEMPLATES = Path(__file__).parent
SHOWN = timedelta(hours=2)
"""A demo is over in an hour of platform time; the dashboards themselves begin with a day."""
FINEST = 300
STYLES = 6


@dataclass(frozen=True)
class Panel:
    """A chart of a dashboard; ``lines`` are the names of what has values, ``empty`` of what has none."""

    title: str
    chart: Markup
    lines: list[tuple[str, str]]
    empty: list[str]


@dataclass(frozen=True)
class Dashboard:
    """A dashboard: its text, the states of its alarms, its panels."""

    name: str
    title: str
    note: str
    alarms: list[tuple[str, str]]
    panels: list[Panel]


def dashboards(cloud: LocalCloud, environment: Environment) -> list[Dashboard]:
    """Every applied dashboard with what its metrics say now."""
    regions = (environment.region, environment.recovery_region)
    clients = {region: cloud.client("cloudwatch", region) for region in regions}
    cloudwatch = clients[environment.region]
    now = datetime.fromisoformat(cloud.control("GET", "clock")["now"])
    states = {
        each["AlarmArn"]: each
        for client in clients.values()
        for kind, described in client.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"]).items()
        if kind in ("MetricAlarms", "CompositeAlarms")
        for each in described
    }
    names = [each["DashboardName"] for each in cloudwatch.list_dashboards()["DashboardEntries"]]
    return [
        read(json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]), name, clients, states, now)
        for name in sorted(names)
    ]


def read(
    body: Mapping[str, Any],
    name: str,
    clients: Mapping[str, Any],
    states: Mapping[str, Mapping[str, Any]],
    now: datetime,
) -> Dashboard:
    """One dashboard from its body; ``clients`` of CloudWatch by region."""
    title, note, alarms, panels = name, "", [], []
    for widget in body["widgets"]:
        properties = widget["properties"]
        match widget["type"]:
            case "text":
                title, _, note = properties["markdown"].removeprefix("# ").partition("\n")
            case "alarm":
                known = [states[arn] for arn in properties["alarms"] if arn in states]
                alarms = sorted((each["AlarmName"], str(each["StateValue"])) for each in known)
            case "metric":
                panels.append(panel(properties, clients[properties["region"]], now))
    return Dashboard(name, title, note, alarms, panels)


def panel(properties: Mapping[str, Any], cloudwatch: Any, now: datetime) -> Panel:
    """A chart of a widget's metrics over the last hours, with the thresholds of its alarms."""
    period = min(properties["period"], FINEST)
    start = datetime.fromtimestamp(int(now.timestamp() - SHOWN.total_seconds()) // period * period, UTC)
    end = now + timedelta(seconds=period)
    queries, labels = [*_queries(properties["metrics"], period)], [each[-1]["label"] for each in properties["metrics"]]
    answer = cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=start, EndTime=end)
    points = {
        each["Id"]: sorted(zip(each["Timestamps"], each["Values"], strict=True)) for each in answer["MetricDataResults"]
    }
    found = [(label, points[query["Id"]]) for label, query in zip(labels, queries, strict=True)]
    drawn = [(label, values) for label, values in found if values]
    series = [
        Series(
            label,
            f"series-{1 + number % STYLES}",
            [((moment - now).total_seconds() / 60, value) for moment, value in values],
        )
        for number, (label, values) in enumerate(drawn)
    ]
    limits = [(each["label"], each["value"]) for each in properties["annotations"]["horizontal"]]
    if series:
        series += [
            Series(label, "limit", [(-SHOWN.total_seconds() / 60, value), (0.0, value)]) for label, value in limits
        ]
    chart = line_chart(
        series,
        x_label="minutes before now",
        y_label=properties["yAxis"]["left"]["label"],
        title=properties["title"],
        size=(430, 230),
        dots=True,
        x_range=(-SHOWN.total_seconds() / 60, 0.0),
    )
    return Panel(
        title=properties["title"],
        chart=Markup(chart) if series else Markup(""),  # noqa: S704 (the chart escapes what it is given)
        lines=[(each.name, each.style) for each in series],
        empty=[label for label, values in found if not values],
    )


def _queries(metrics: Sequence[Sequence[Any]], period: int) -> Iterator[dict[str, Any]]:
    for number, (namespace, metric, *dimensions, options) in enumerate(metrics):
        named = [{"Name": name, "Value": value} for name, value in zip(dimensions[::2], dimensions[1::2], strict=True)]
        yield {
            "Id": f"m{number}",
            "MetricStat": {
                "Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": named},
                "Period": period,
                "Stat": options["stat"],
            },
        }


def write_dashboards(path: Path, shown: Sequence[Dashboard]) -> Path:
    """Render them to ``path``."""
    templates = Templates(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True)
    text = templates.get_template("dashboards.html.j2").render(
        dashboards=shown, made=datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC")
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
