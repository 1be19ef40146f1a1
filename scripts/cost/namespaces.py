"""What each namespace of the cluster cost (``make cost NAMESPACES=1``), by the rule of AWS's split cost allocation.

Hour by hour a namespace has the greater of what its pods asked for and what they used, a processor weighing nine times
a GB of memory (https://docs.aws.amazon.com/cur/latest/userguide/example-split-cost-allocation-data.html). What no pod
has of a node is a line of its own here: it is for those who size nodes, not for those who run pods.

Read are the metrics of Container Insights: once a minute each pod's processors and memory in percent of its node
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-enhanced-EKS.html), so an
hour's sum over a namespace is sixty times its nodes, in percent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Table

from scripts.cost.prices import PriceTable, Side
from scripts.cost.saved import KEPT_DAYS
from scripts.handoff import client, read_handoff
from scripts.infrastructure.environments import Environment
from scripts.talk import UserError

NAMESPACE = "ContainerInsights"
CLUSTER = "ClusterName"
PROCESSOR_WEIGHT, GB_WEIGHT = 9, 1
HOUR = 3600
VALUES_AN_HOUR = 60
QUERIES_A_CALL = 500
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html"""
GIB = 2**30

# What pods used has a sum for each namespace; what they asked for only one for each workload in it.
USED, ASKED = frozenset({CLUSTER, "Namespace"}), frozenset({CLUSTER, "Namespace", "PodName"})

type Hours = dict[tuple[str, datetime], float]
"""(Namespace, hour) -> nodes it has of one resource, on average."""


@dataclass(frozen=True)
class Nodes:
    """The nodes there were: their count by hour; processors and memory (GiB) of one, on average."""

    counts: Mapping[datetime, float]
    processors: float
    memory: float

    def hourly_price(self, table: PriceTable) -> float:
        """USD of a node, on demand, as compute nodes are priced."""
        return self.processors * table.get("ec2.processor.on_demand", Side.PRIMARY).first

    @property
    def processor_share(self) -> float:
        """The part of a node's price that is for its processors."""
        processors = PROCESSOR_WEIGHT * self.processors
        return processors / (processors + GB_WEIGHT * self.memory)


@dataclass(frozen=True)
class Split:
    """Node hours and USD of each namespace, and of what no pod had."""

    node_hours: Mapping[str, float]
    unused_hours: float
    hourly_price: float

    def usd(self, namespace: str) -> float:
        return self.node_hours[namespace] * self.hourly_price


class Insights:
    """The metrics of one cluster in the hours from ``start`` to ``end``."""

    def __init__(self, cloudwatch: Any, cluster: str, start: datetime, end: datetime) -> None:
        self._cloudwatch = cloudwatch
        self.cluster = cluster
        self._start, self._end = start, end

    def nodes(self) -> Nodes | None:
        """None where Container Insights measured none."""
        of = [{CLUSTER: self.cluster}]
        counts = {hour: value for _, hour, value in self._hourly("cluster_node_count", of, "Average")}
        processors = [value for _, _, value in self._hourly("node_cpu_limit", of, "Average")]
        memory = [value for _, _, value in self._hourly("node_memory_limit", of, "Average")]
        if not counts or not processors or not memory:
            return None
        return Nodes(counts, sum(processors) / len(processors) / 1000, sum(memory) / len(memory) / GIB)

    def had(self, resource: str) -> Hours:
        """Of ``cpu`` or ``memory``: the greater of what was asked for and what was used."""
        used = self._nodes_of(f"pod_{resource}_utilization", USED)
        asked = self._nodes_of(f"pod_{resource}_reserved_capacity", ASKED)
        return {key: max(used[key], asked[key]) for key in used.keys() | asked.keys()}

    def _nodes_of(self, metric: str, dimensions: frozenset[str]) -> Counter[tuple[str, datetime]]:
        found: Counter[tuple[str, datetime]] = Counter()
        pages = self._cloudwatch.get_paginator("list_metrics").paginate(
            Namespace=NAMESPACE, MetricName=metric, Dimensions=[{"Name": CLUSTER, "Value": self.cluster}]
        )
        listed = [
            {each["Name"]: each["Value"] for each in one["Dimensions"]} for page in pages for one in page["Metrics"]
        ]
        whole = [of for of in listed if of.keys() == dimensions]
        for of, hour, percent in self._hourly(metric, whole, "Sum"):
            found[of["Namespace"], hour] += percent / 100 / VALUES_AN_HOUR  # type: ignore[assignment]
        return found

    def _hourly(
        self, metric: str, wanted: Iterable[Mapping[str, str]], statistic: str
    ) -> Iterator[tuple[Mapping[str, str], datetime, float]]:
        """(Dimensions, hour, value) for each set of dimensions that is wanted."""
        for some in batched(wanted, QUERIES_A_CALL, strict=False):
            pages = self._cloudwatch.get_paginator("get_metric_data").paginate(
                MetricDataQueries=[_query(number, metric, of, statistic) for number, of in enumerate(some)],
                StartTime=self._start,
                EndTime=self._end,
            )
            for result in (each for page in pages for each in page["MetricDataResults"]):
                of = some[int(result["Id"].removeprefix("m"))]
                for hour, value in zip(result["Timestamps"], result["Values"], strict=True):
                    yield of, hour, value


def _query(number: int, metric: str, of: Mapping[str, str], statistic: str) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in of.items()]
    wanted = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions}
    return {"Id": f"m{number}", "MetricStat": {"Metric": wanted, "Period": HOUR, "Stat": statistic}}


def split(insights: Insights, nodes: Nodes, table: PriceTable) -> Split:
    """Every node hour to a namespace, or to nobody."""
    weights = {"cpu": nodes.processor_share, "memory": 1 - nodes.processor_share}
    hours: Counter[str] = Counter()
    for resource, weight in weights.items():
        for (namespace, _), value in insights.had(resource).items():
            hours[namespace] += weight * value  # type: ignore[assignment]
    there = sum(nodes.counts.values())
    return Split(dict(hours), max(0.0, there - hours.total()), nodes.hourly_price(table))


def read_split(environment: Environment, table: PriceTable, days: int) -> Split:
    """Of an environment's cluster in the last ``days``. Raises :class:`UserError` where there is nothing to split."""
    if not 1 <= days <= KEPT_DAYS:
        raise UserError(f"DAYS={days}: CloudWatch keeps hours for {KEPT_DAYS} days, so give 1 to {KEPT_DAYS}")
    cluster = read_handoff(environment, "30-cluster")["cluster_name"]
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    insights = Insights(client(environment, "cloudwatch"), cluster, end - timedelta(days=days), end)
    try:
        nodes = insights.nodes()
        if nodes is None:
            raise UserError(
                f"Container Insights has measured no node of {cluster} in the last {days} days, so there is nothing to"
                " split: wait for the first full hour after make cluster-up, or ask for more days (DAYS=)"
            )
        return split(insights, nodes, table)
    except (BotoCoreError, ClientError) as error:
        raise UserError(f"the metrics of {environment.name} cannot be read ({error})") from error


def table_of(found: Split, days: int) -> Table:
    """For the terminal, the dearest first."""
    total = sum(found.node_hours.values()) + found.unused_hours
    table = Table(title=f"Nodes of the last {days} days by namespace, USD on demand")
    table.add_column("namespace")
    for name in ("node hours", "of all", "USD"):
        table.add_column(name, justify="right")
    rows = sorted(found.node_hours.items(), key=lambda each: -each[1])
    for name, hours in [*rows, ("nobody asked for or used", found.unused_hours)]:
        table.add_row(name, f"{hours:,.1f}", f"{hours / total:.0%}", f"{hours * found.hourly_price:,.2f}")
    table.add_section()
    table.add_row("together", f"{total:,.1f}", "", f"{total * found.hourly_price:,.2f}")
    return table
