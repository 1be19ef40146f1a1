"""What the automations have saved, by their own metrics and today's prices (``make cost SAVED=1``).

Read are the metrics the functions write (namespace ``Kosha``, by ``service``): what they deleted or stopped, by day.
Each is priced from that day until now, at what it would have cost had it stayed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Table

from scripts.cost.prices import DAYS, GB, PriceTable, Side
from scripts.handoff import client
from scripts.infrastructure.environments import Environment
from scripts.paths import CATALOG
from scripts.talk import UserError

NAMESPACE = "Kosha"
"""POWERTOOLS_METRICS_NAMESPACE of modules/automation."""
KEPT_DAYS = 455
"""CloudWatch keeps hourly sums so long
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention)."""
CLEANED_AFTER_DAYS = 7
STOPPED_PROCESSORS = 2
"""Of a test instance; the metric counts hours only."""


@dataclass(frozen=True)
class Day:
    """The sum of a metric on a day, so many days ago."""

    ago: float
    value: float


@dataclass(frozen=True)
class Saving:
    """What one automation saved until now. ``amount`` is in ``unit``."""

    what: str
    amount: float
    unit: str
    usd: float
    how: str


def of_volumes(days: Sequence[Day], table: PriceTable) -> Saving:
    """Volumes nobody used (GiB): gp3 since, less the last snapshot for as long as it is kept."""
    kept = yaml.safe_load((CATALOG / "recovery.yaml").read_text(encoding="utf-8"))["final_snapshots"]["keep_days"]
    disk, snapshot = table.get("ebs.gp3", Side.PRIMARY).first, table.get("backup.ebs", Side.PRIMARY).first
    usd = sum(day.value * (disk * day.ago - snapshot * min(day.ago, kept)) / DAYS for day in days)
    how = f"gp3 since, less a snapshot for {kept} days"
    return Saving("volumes reaped", sum(day.value for day in days), "GB", usd, how)


def of_instances(days: Sequence[Day], table: PriceTable) -> Saving:
    """Hours in which test instances were stopped."""
    hours = sum(day.value for day in days)
    usd = hours * STOPPED_PROCESSORS * table.get("ec2.processor.on_demand", Side.PRIMARY).first
    return Saving("test instances stopped", hours, "hours", usd, f"{STOPPED_PROCESSORS} processors each, on demand")


def of_cleaning(days: Sequence[Day], table: PriceTable) -> Saving:
    """Bytes taken from EFS: at the tier a file would have been in on each day since, and what moving it had cost."""

    tiers: dict[str, int] = yaml.safe_load((CATALOG / "shared-storage.yaml").read_text(encoding="utf-8"))["tiers"]
    into_ia, into_archive = tiers["ia_days"], tiers["archive_days"]

    def price(name: str) -> float:
        return table.get(f"efs.{name}", Side.PRIMARY).first

    def one(ago: float) -> float:
        age = CLEANED_AFTER_DAYS + ago
        standard = max(0.0, min(age, into_ia) - CLEANED_AFTER_DAYS)
        ia = max(0.0, min(age, into_archive) - into_ia)
        archive = max(0.0, age - into_archive)
        usd = (
            standard * price("storage.standard") + ia * price("storage.ia") + archive * price("storage.archive")
        ) / DAYS
        return usd + (price("tiering.ia") if ia else 0.0) + (price("tiering.archive") if archive else 0.0)

    gb = sum(day.value for day in days) / GB
    usd = sum(day.value / GB * one(day.ago) for day in days)
    how = f"EFS: Standard to day {into_ia}, IA to {into_archive}, then Archive"
    return Saving("cleaned from the shared storage", gb, "GB", usd, how)


READ: Sequence[tuple[str, Callable[[Sequence[Day], PriceTable], Saving]]] = (
    ("GibibytesDeleted", of_volumes),
    ("InstanceHoursSaved", of_instances),
    ("BytesRemoved", of_cleaning),
)
"""Metric of a function -> what it saved."""


def savings(cloudwatch: Any, table: PriceTable, now: datetime) -> list[Saving]:
    """What was saved in the last 455 days until ``now`` (UTC)."""
    return [priced(days_of(cloudwatch, metric, now), table) for metric, priced in READ]


def days_of(cloudwatch: Any, metric: str, now: datetime) -> list[Day]:
    """Daily sums of a metric over all functions and instances of it that have it."""
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=NAMESPACE, MetricName=metric)
    found = []
    for listed in (each for page in pages for each in page["Metrics"]):
        answer = cloudwatch.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=metric,
            Dimensions=listed["Dimensions"],
            StartTime=now - timedelta(days=KEPT_DAYS),
            EndTime=now,
            Period=24 * 60 * 60,
            Statistics=["Sum"],
        )
        found += [
            Day(max(0.0, (now - point["Timestamp"]) / timedelta(days=1)), point["Sum"])
            for point in answer["Datapoints"]
            if point["Sum"]
        ]
    return sorted(found, key=lambda day: -day.ago)


def read_savings(environment: Environment, table: PriceTable) -> list[Saving]:
    """From an environment. Raises :class:`UserError` where it does not answer."""
    try:
        return savings(client(environment, "cloudwatch"), table, datetime.now(UTC))
    except (BotoCoreError, ClientError) as error:
        raise UserError(
            f"the metrics of {environment.name} cannot be read ({error}): start the local cloud (make up), or sign in"
            " to the account"
        ) from error


def table_of(found: Sequence[Saving]) -> Table:
    """For the terminal."""
    table = Table(title=f"Saved by the automations in the last {KEPT_DAYS} days, USD")
    table.add_column("")
    for name in ("how much", "USD until now"):
        table.add_column(name, justify="right")
    table.add_column("priced at")
    for each in found:
        table.add_row(each.what, f"{each.amount:,.1f} {each.unit}", f"{each.usd:,.2f}", each.how)
    table.add_section()
    table.add_row("together", "", f"{sum(each.usd for each in found):,.2f}", "")
    return table
