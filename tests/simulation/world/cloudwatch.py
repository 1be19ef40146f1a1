"""CloudWatch: the processors' load of instances, and a client.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
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
        """CPUUtilization of running instances, a value every five minutes; nothing for those that do not run."""
        del NextToken
        done = self._machines.faults.before("cloudwatch", REGION, "GetMetricData")
        results = []
        for query in MetricDataQueries:
            metric = query["MetricStat"]["Metric"]
            dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
            instance = self._machines.instances.get(dimensions.get("InstanceId", ""))
            moments: list[datetime] = []
            if instance is not None and instance.state == "running" and metric["MetricName"] == "CPUUtilization":
                step = timedelta(seconds=query["MetricStat"]["Period"])
                moment = max(StartTime, instance.launched_at)
                while moment < EndTime:
                    moments.append(moment)
                    moment += step
            if ScanBy == "TimestampDescending":
                moments.reverse()
            value = BUSY if instance is not None and instance.busy else IDLE
            results.append(
                {
                    "Id": query["Id"],
                    "Label": "CPUUtilization",
                    "Timestamps": moments,
                    "Values": [value] * len(moments),
                    "StatusCode": "Complete",
                }
            )
        done()
        return {"MetricDataResults": results, "Messages": []}
