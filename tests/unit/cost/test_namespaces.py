"""Nodes are split among namespaces as AWS splits them, from metrics as Container Insights writes them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from scripts.cost.namespaces import GIB, NAMESPACE, Insights, Nodes, Split, read_split, split, table_of
from scripts.cost.prices import load_prices
from scripts.infrastructure.environments import load_environment
from scripts.talk import UserError

TABLE = load_prices()
BEGIN = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOURS = 2


class CloudWatch:
    """Metrics as CloudWatch keeps them: each set of dimensions is one of its own (moto adds up finer ones)."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, frozenset[tuple[str, str]]], list[tuple[datetime, float]]] = {}
        self.calls = 0

    def get_paginator(self, operation: str) -> "Pages":
        return Pages(getattr(self, operation))

    def list_metrics(self, Namespace: str, MetricName: str, Dimensions: list[dict[str, str]]) -> dict[str, Any]:
        assert Namespace == NAMESPACE
        named = {(each["Name"], each["Value"]) for each in Dimensions}
        found = [of for metric, of in self.values if metric == MetricName and named <= of]
        return {"Metrics": [{"Dimensions": [{"Name": name, "Value": value} for name, value in of]} for of in found]}

    def get_metric_data(
        self, MetricDataQueries: list[dict[str, Any]], StartTime: datetime, EndTime: datetime
    ) -> dict[str, Any]:
        self.calls += 1
        results = []
        for query in MetricDataQueries:
            stat = query["MetricStat"]
            of = frozenset((each["Name"], each["Value"]) for each in stat["Metric"]["Dimensions"])
            hours: dict[datetime, list[float]] = {}
            for moment, value in self.values.get((stat["Metric"]["MetricName"], of), []):
                if StartTime <= moment < EndTime:
                    hours.setdefault(moment.replace(minute=0), []).append(value)
            count = {"Sum": lambda _: 1, "Average": len}[stat["Stat"]]
            values = [sum(each) / count(each) for each in hours.values()]
            results.append({"Id": query["Id"], "Timestamps": list(hours), "Values": values})
        return {"MetricDataResults": results}


class Pages:
    """One page."""

    def __init__(self, call: Callable[..., dict[str, Any]]) -> None:
        self.call = call

    def paginate(self, **arguments: Any) -> list[dict[str, Any]]:
        return [self.call(**arguments)]


@pytest.fixture
def cloudwatch() -> CloudWatch:
    return CloudWatch()


def put(
    cloudwatch: CloudWatch, metric: str, values: list[float], cluster: str = "one", minutes: int = 60, **of: str
) -> None:
    """A value for each of the first minutes of each hour."""
    points = [
        (BEGIN + timedelta(hours=hour, minutes=minute), value)
        for hour, value in enumerate(values)
        for minute in range(minutes)
    ]
    cloudwatch.values[metric, frozenset(({"ClusterName": cluster} | of).items())] = points


def insights(cloudwatch: CloudWatch) -> Insights:
    return Insights(cloudwatch, "one", BEGIN, BEGIN + timedelta(hours=HOURS))


def of_cluster(cloudwatch: CloudWatch) -> Nodes:
    """Two nodes of four processors and 16 GiB, as in AWS's example."""
    put(cloudwatch, "cluster_node_count", [2] * HOURS)
    put(cloudwatch, "node_cpu_limit", [4000] * HOURS)
    put(cloudwatch, "node_memory_limit", [16 * GIB] * HOURS)
    nodes = insights(cloudwatch).nodes()
    assert nodes is not None
    return nodes


def test_a_namespace_has_the_greater_of_what_it_asked_for_and_used_in_each_hour(cloudwatch: CloudWatch) -> None:
    nodes = of_cluster(cloudwatch)
    # Two workloads ask for half a node and a quarter; they use a quarter in the first hour, 1.5 nodes in the second.
    put(cloudwatch, "pod_cpu_reserved_capacity", [50, 50], Namespace="research", PodName="align")
    put(cloudwatch, "pod_cpu_reserved_capacity", [25, 25], Namespace="research", PodName="sort")
    put(cloudwatch, "pod_cpu_utilization", [25, 150], Namespace="research")
    put(cloudwatch, "pod_memory_utilization", [40, 40], Namespace="research")
    put(cloudwatch, "pod_memory_reserved_capacity", [10, 10], Namespace="kube-system", PodName="dns")
    found = split(insights(cloudwatch), nodes, TABLE)
    # Of a node's price 36 / 52 is for processors: 9 x 4 to 1 x 16.
    assert found.node_hours["research"] == pytest.approx((0.75 + 1.5) * 36 / 52 + 2 * 0.4 * 16 / 52)
    assert found.node_hours["kube-system"] == pytest.approx(2 * 0.1 * 16 / 52)
    assert found.unused_hours == pytest.approx(4 - sum(found.node_hours.values()))
    assert found.usd("research") == pytest.approx(found.node_hours["research"] * 4 * 0.0425)


def test_other_clusters_and_finer_sums_do_not_count(cloudwatch: CloudWatch) -> None:
    nodes = of_cluster(cloudwatch)
    put(cloudwatch, "pod_cpu_utilization", [50, 50], Namespace="research")
    put(cloudwatch, "pod_cpu_utilization", [50, 50], Namespace="research", PodName="align")
    put(cloudwatch, "pod_cpu_utilization", [50, 50])
    put(cloudwatch, "pod_cpu_utilization", [80, 80], cluster="two", Namespace="research")
    assert split(insights(cloudwatch), nodes, TABLE).node_hours == {"research": pytest.approx(36 / 52)}


def test_pods_that_were_there_for_a_part_of_an_hour_have_that_part(cloudwatch: CloudWatch) -> None:
    nodes = of_cluster(cloudwatch)
    put(cloudwatch, "pod_cpu_utilization", [100], minutes=15, Namespace="research")
    assert split(insights(cloudwatch), nodes, TABLE).node_hours["research"] == pytest.approx(36 / 52 / 4)


def test_many_workloads_are_asked_for_together(cloudwatch: CloudWatch) -> None:
    nodes = of_cluster(cloudwatch)
    for number in range(600):
        put(cloudwatch, "pod_cpu_reserved_capacity", [0.1], Namespace="research", PodName=f"align-{number}")
    cloudwatch.calls = 0
    assert split(insights(cloudwatch), nodes, TABLE).node_hours["research"] == pytest.approx(0.6 * 36 / 52)
    assert cloudwatch.calls == 2


def test_without_nodes_there_is_nothing_to_split(cloudwatch: CloudWatch) -> None:
    put(cloudwatch, "cluster_node_count", [2], cluster="two")
    assert insights(cloudwatch).nodes() is None


@pytest.mark.parametrize("days", [-1, 0, 456])
def test_days_of_which_cloudwatch_has_nothing_are_refused(days: int) -> None:
    with pytest.raises(UserError, match=f"DAYS={days}: CloudWatch keeps hours for 455 days"):
        read_split(load_environment("local"), TABLE, days)


def test_the_table_has_what_nobody_used_and_the_sum() -> None:
    console = Console(width=120, record=True)
    console.print(table_of(Split({"ingestion": 10, "research": 60}, 30, 0.5), 30))
    lines = [line.split("│")[1:-1] for line in console.export_text().splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in line] for line in lines] == [
        ["research", "60.0", "60%", "30.00"],
        ["ingestion", "10.0", "10%", "5.00"],
        ["nobody asked for or used", "30.0", "30%", "15.00"],
        ["together", "100.0", "", "50.00"],
    ]
