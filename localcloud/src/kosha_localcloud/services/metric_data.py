"""GetMetricData with metric math, and with the dimensions that were asked for and no others.

LocalStack finds a metric by any of its dimensions, so an alarm that lacks one would fire here and never on AWS.
"""

from __future__ import annotations

import ast
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

from kosha_localcloud.services.metric_math import BadExpression, Band, Scope, Series, Value, calculate

type Query = Mapping[str, Any]

BAND_LEARNS_FROM = timedelta(days=14)
"""CloudWatch trains a band on up to two weeks
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Anomaly_Detection.html)."""

_PATIENCE = 60.0
"""Seconds to wait for those who write metrics, longer than the 5 s sqlite3 would: the machine may be busy."""

_POINTS = """
    SELECT timestamp, 1, value, value, value FROM SINGLE_METRICS WHERE {where}
    UNION ALL
    SELECT timestamp, sample_count, sum, min, max FROM AGGREGATED_METRICS WHERE {where}
"""


# LocalStack finds a metric by its name alone, and reads all that was ever measured for it at each look at an alarm.
_INDEX = "CREATE INDEX IF NOT EXISTS {table}_points ON {table} (metric_name, namespace, dimensions, timestamp)"


class _Unsynced(sqlite3.Connection):
    """A connection that does not wait for the disk: a restart begins with nothing, so there is nothing to keep safe.

    LocalStack commits each metric by itself; 400 of them took 6 s and 0.65 s of processor, and take 0.5 s and 0.25 s.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.execute("PRAGMA synchronous = OFF")


_connect = partial(sqlite3.connect, timeout=_PATIENCE, factory=_Unsynced)


def install() -> None:
    """Serve GetMetricData, and let LocalStack write metrics without waiting for the disk."""
    from localstack.aws.api import CommonServiceException, RequestContext
    from localstack.services.cloudwatch import cloudwatch_database_helper
    from localstack.services.cloudwatch.cloudwatch_database_helper import CloudwatchDatabase
    from localstack.services.cloudwatch.provider_v2 import CloudwatchProvider
    from localstack.utils.patch import patch

    cloudwatch_database_helper.sqlite3 = SimpleNamespace(connect=_connect)

    @patch(CloudwatchDatabase.__init__)
    def __init__(fn: Callable[..., None], self: CloudwatchDatabase) -> None:
        fn(self)
        with closing(_connect(self.METRICS_DB)) as connection, connection:
            for table in (self.TABLE_SINGLE_METRICS, self.TABLE_AGGREGATED_METRICS):
                connection.execute(_INDEX.format(table=table))

    @patch(CloudwatchProvider.get_metric_data)
    def get_metric_data(
        _fn: Callable[..., Any],
        _self: CloudwatchProvider,
        context: RequestContext,
        metric_data_queries: list[Query],
        start_time: datetime,
        end_time: datetime,
        _next_token: str | None = None,
        scan_by: str | None = None,
        **_: Any,
    ) -> Any:
        try:
            return _answer(context, metric_data_queries, start_time, end_time, scan_by)
        except BadExpression as error:
            raise CommonServiceException("ValidationError", str(error), 400, True) from error


@dataclass(frozen=True)
class Window:
    """The time that is asked for: so many periods of one length, the first from `start`."""

    start: datetime
    seconds: int
    periods: int

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds * self.periods)


@dataclass(frozen=True)
class Metrics:
    """The metrics of one account in one region."""

    account: str
    region: str

    def results(self, queries: Sequence[Query], start: datetime, end: datetime) -> dict[str, tuple[Window, Value]]:
        """Every query's values by its id. Raises :class:`BadExpression`."""
        by_id = {query["Id"]: query for query in queries}
        found: dict[str, tuple[Window, Value]] = {}

        def seconds(name: str) -> int:
            query = by_id[name]
            if "MetricStat" in query:
                return int(query["MetricStat"]["Period"])
            return int(query.get("Period") or max(seconds(other) for other in by_id if "MetricStat" in by_id[other]))

        def window(name: str) -> Window:
            length = seconds(name)
            return Window(start, length, -(-int((end - start).total_seconds()) // length))

        def history(name: str) -> list[float]:
            earlier = start - BAND_LEARNS_FROM
            length = seconds(name)
            periods = int(BAND_LEARNS_FROM.total_seconds()) // length
            return [*self.series(by_id[name]["MetricStat"], Window(earlier, length, periods)).values()]

        waiting = list(by_id)
        while waiting:
            for name in waiting:
                query = by_id[name]
                if "MetricStat" in query:
                    found[name] = (window(name), self.series(query["MetricStat"], window(name)))
                    break
                if {other for other in by_id if other != name and other in _names(query["Expression"])} <= set(found):
                    values = {other: value for other, (_, value) in found.items()}
                    scope = Scope(values, window(name).periods, seconds, history)
                    found[name] = (window(name), calculate(query["Expression"], scope))
                    break
            else:
                raise BadExpression(f"the queries {', '.join(waiting)} wait for one another")
            waiting.remove(name)
        return found

    def series(self, wanted: Mapping[str, Any], window: Window) -> Series:
        """The statistic of one metric in each period in which it has values."""
        buckets: dict[int, list[tuple[float, float, float, float]]] = {}
        begin = int(window.start.timestamp())
        for moment, count, total, low, high in self._points(wanted, begin, int(window.end.timestamp())):
            buckets.setdefault((moment - begin) // window.seconds, []).append((count, total, low, high))
        statistic = _STATISTICS.get(wanted["Stat"])
        if statistic is None:
            raise BadExpression(f"the statistic {wanted['Stat']} is not known here: use {', '.join(_STATISTICS)}")
        return {number: statistic(points) for number, points in sorted(buckets.items())}

    def _points(self, wanted: Mapping[str, Any], begin: int, end: int) -> list[tuple[int, float, float, float, float]]:
        from localstack.services.cloudwatch.cloudwatch_database_helper import CloudwatchDatabase

        metric = wanted["Metric"]
        conditions = ["account_id = ?", "region = ?", "namespace = ?", "metric_name = ?", "timestamp >= ?"]
        values: list[Any] = [self.account, self.region, metric["Namespace"], metric["MetricName"], begin]
        conditions.append("timestamp < ?")
        values.append(end)
        conditions.append("dimensions IS ?")
        values.append(_dimensions(metric.get("Dimensions") or []))
        if unit := wanted.get("Unit"):
            conditions.append("unit = ?")
            values.append(unit)
        query = _POINTS.format(where=" AND ".join(conditions))
        read_only = CloudwatchDatabase.METRICS_DB_READ_ONLY
        with closing(_connect(read_only, uri=True)) as connection:
            return connection.execute(query, values * 2).fetchall()


def _names(expression: str) -> set[str]:
    try:
        return {node.id for node in ast.walk(ast.parse(expression.strip(), mode="eval")) if isinstance(node, ast.Name)}
    except SyntaxError:
        return set()


def _dimensions(dimensions: Sequence[Mapping[str, str]]) -> str | None:
    """As LocalStack keeps them: in order, each with a tabulator behind it."""
    ordered = sorted(dimensions, key=lambda each: each["Name"])
    return "".join(f"{each['Name']}={each['Value']}\t" for each in ordered) or None


_STATISTICS: dict[str, Callable[[list[tuple[float, float, float, float]]], float]] = {
    "SampleCount": lambda points: sum(count for count, *_ in points),
    "Sum": lambda points: sum(total for _, total, *_ in points),
    "Average": lambda points: sum(total for _, total, *_ in points) / sum(count for count, *_ in points),
    "Minimum": lambda points: min(low for _, _, low, _ in points),
    "Maximum": lambda points: max(high for *_, high in points),
}


def _answer(context: Any, queries: Sequence[Query], start: datetime, end: datetime, scan_by: str | None) -> Any:
    found = Metrics(context.account_id, context.region).results(queries, start, end)
    results = []
    for query in queries:
        if query.get("ReturnData") is False:
            continue
        window, value = found[query["Id"]]
        label = query.get("Label") or (query["MetricStat"]["Metric"]["MetricName"] if "MetricStat" in query else "")
        for series in _drawn(value, window):
            numbers = sorted(series, reverse=scan_by != "TimestampAscending")
            results.append(
                {
                    "Id": query["Id"],
                    "Label": label or query["Id"],
                    "StatusCode": "Complete",
                    "Timestamps": [
                        (window.start + timedelta(seconds=window.seconds * number)).astimezone(UTC)
                        for number in numbers
                    ],
                    "Values": [series[number] for number in numbers],
                }
            )
    return {"MetricDataResults": results, "Messages": []}


def _drawn(value: Value, window: Window) -> list[Series]:
    """What GetMetricData shows of a value: a number in each period, a band as two series."""
    if isinstance(value, Band):
        return [value.lower, value.upper]
    if isinstance(value, dict):
        return [value]
    if isinstance(value, float):
        return [dict.fromkeys(range(window.periods), value)]
    raise BadExpression("an expression gives a list of series; only one can be returned")
