"""Replication metrics, for rules that ask for them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html: BytesPendingReplication,
OperationsPendingReplication, ReplicationLatency (seconds; what waits counts) and OperationsFailedReplication in AWS/S3,
by SourceBucket, DestinationBucket and RuleId. What failed is published in the region of the source, the others in that
of the destination.
"""

import logging
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from kosha_localcloud.access import state
from kosha_localcloud.services.clients import client
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document
from kosha_localcloud.services.replication.apply import Job
from kosha_localcloud.services.replication.rules import has_metrics

LOG = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
FAILED = "OperationsFailedReplication"

type Series = tuple[str, str, str, str]


@dataclass
class _Figures:
    pending_bytes: int = 0
    waiting: list[datetime] = field(default_factory=list)
    sent: datetime | None = None
    latencies: list[float] = field(default_factory=list)
    failed: int = 0
    metered: bool = False
    changed: bool = False

    def is_due(self) -> bool:
        """What has changed is sent, and what waits every minute of the local cloud's clock: it grows old."""
        return self.changed or bool(
            self.metered and self.waiting and self.sent is not None and now() - self.sent >= EVERY
        )


def _age(since: datetime) -> float:
    return max(0.0, (now() - since).total_seconds())


class Metrics:
    """Keeps the figures and sends them when asked to, so that a thousand objects are not a thousand calls."""

    def __init__(self) -> None:
        self._figures: defaultdict[Series, _Figures] = defaultdict(_Figures)
        self._lock = threading.Lock()

    def began(self, job: Job) -> None:
        """An operation waits."""
        self._count(job, 1).waiting.append(job.since)

    def ended(self, job: Job, failed: bool) -> None:
        """An operation is done, or has failed for good."""
        figures = self._count(job, -1)
        with self._lock:
            figures.waiting.remove(job.since)
            if failed:
                figures.failed += 1
            else:
                figures.latencies.append(_age(job.since))

    def _count(self, job: Job, step: int) -> _Figures:
        series = (job.account, job.bucket, job.destination, str(job.rule.get("ID")))
        with self._lock:
            figures = self._figures[series]
            figures.pending_bytes += step * job.size
            figures.metered = figures.changed = has_metrics(job.rule)
            return figures

    def send(self) -> None:
        """Send what has changed since the last time. What cannot be sent is lost."""
        with self._lock:
            changed = {series: figures for series, figures in self._figures.items() if figures.is_due()}
            documents = {series: _data(series, figures) for series, figures in changed.items()}
            for figures in changed.values():
                figures.changed = False
                figures.sent = now()
                figures.latencies = []
                figures.failed = 0
        for (account, source, destination, _), data in documents.items():
            here = [datum for datum in data if datum["MetricName"] == FAILED]
            there = [datum for datum in data if datum["MetricName"] != FAILED]
            for name, published in ((source, here), (destination, there)):
                bucket = state.bucket_named(name)
                if bucket is None:
                    continue
                try:
                    _cloudwatch(account, bucket.bucket_region).put_metric_data(Namespace="AWS/S3", MetricData=published)
                except (BotoCoreError, ClientError) as error:
                    LOG.warning("Replication metrics of %s could not be sent: %s", source, error)


def _cloudwatch(account: str, region: str) -> Any:
    return client("cloudwatch", account, region)


def _data(series: Series, figures: _Figures) -> list[Document]:
    _, bucket, destination, rule = series
    dimensions = [
        {"Name": "SourceBucket", "Value": bucket},
        {"Name": "DestinationBucket", "Value": destination},
        {"Name": "RuleId", "Value": rule},
    ]

    def datum(name: str, value: float, unit: str) -> Document:
        return {"MetricName": name, "Dimensions": dimensions, "Timestamp": now(), "Value": value, "Unit": unit}

    data = [
        datum("OperationsPendingReplication", len(figures.waiting), "Count"),
        datum("BytesPendingReplication", figures.pending_bytes, "Bytes"),
        datum(FAILED, figures.failed, "Count"),
    ]
    if ages := [*figures.latencies, *map(_age, figures.waiting)]:
        data.append(datum("ReplicationLatency", max(ages), "Seconds"))
    return data
