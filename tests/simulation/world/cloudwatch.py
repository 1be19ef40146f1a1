"""CloudWatch: the processors' load of instances, the use of volumes, and a client.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from tests.simulation.world.ec2 import REGION, Machines

BUSY, IDLE = 87.0, 1.5


class CloudWatch:
    """A client."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines

    def get_metric_data(
        self,
        *,
        MetricDataQueries: Sequence[Mapping[str, Any]],
        StartTime: datetime,
        EndTime: datetime,
        ScanBy: str = "TimestampDescending",
        NextToken: str = "",
    ) -> dict[str, Any]:
        """CPUUtilization of running instances and VolumeWriteOps of attached volumes, a value for each period."""
        del NextToken
        done = self._machines.faults.before("cloudwatch", REGION, "GetMetricData")
        results = []
        for query in MetricDataQueries:
            metric = query["MetricStat"]["Metric"]
            dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
            instance = self._machines.instances.get(dimensions.get("InstanceId", ""))
            volume = self._machines.volumes.get(dimensions.get("VolumeId", ""))
            step = timedelta(seconds=query["MetricStat"]["Period"])
            moments: list[datetime] = []
            if metric["MetricName"] == "CPUUtilization" and instance is not None and instance.state == "running":
                moments = _moments(max(StartTime, instance.launched_at), EndTime, step)
            elif metric["MetricName"] == "VolumeWriteOps" and volume is not None:
                uses = [*volume.uses, *([(volume.attached_at, EndTime)] if volume.attached_at else [])]
                found = {each for use in uses for each in _moments(max(StartTime, _hour(use[0])), use[1], step)}
                moments = sorted(moment for moment in found if moment < EndTime)
            if ScanBy == "TimestampDescending":
                moments.reverse()
            value = BUSY if instance is not None and instance.busy else IDLE
            results.append(
                {
                    "Id": query["Id"],
                    "Label": metric["MetricName"],
                    "Timestamps": moments,
                    "Values": [value] * len(moments),
                    "StatusCode": "Complete",
                }
            )
        done()
        return {"MetricDataResults": results, "Messages": []}

    def get_paginator(self, operation: str) -> _Pages:
        """Everything on one page."""
        assert operation == "get_metric_data", operation
        return _Pages(self)


class _Pages:
    def __init__(self, client: CloudWatch) -> None:
        self._client = client

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        yield self._client.get_metric_data(**request)


def _moments(first: datetime, until: datetime, step: timedelta) -> list[datetime]:
    return [first + number * step for number in range(ceil(max(until - first, timedelta(0)) / step))]


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
