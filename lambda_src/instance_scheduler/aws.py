"""The calls instance_scheduler makes to EC2 and CloudWatch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any

from instance_scheduler.domain import MARK, SCHEDULE, Instance

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ec2 import EC2Client

# Without detailed monitoring an instance sends a value every five minutes:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/manage-detailed-monitoring.html
PERIOD = timedelta(minutes=5)
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
QUERIES_AT_ONCE = 500
# "User initiated (2026-01-31 14:30:05 GMT)"; for other causes EC2 gives no time.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html
_STOPPED_AT = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)")


class Instances:
    """Instances that opted in by their tag."""

    def __init__(self, ec2: EC2Client) -> None:
        self._ec2 = ec2

    def scheduled(self) -> list[Instance]:
        """Every instance with the tag that is not terminated."""
        pages = self._ec2.get_paginator("describe_instances").paginate(
            Filters=[
                {"Name": "tag-key", "Values": [SCHEDULE]},
                {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
            ]
        )
        groups = (group for page in pages for group in page["Reservations"])
        return [_instance(each) for group in groups for each in group["Instances"]]

    def stop(self, instance_ids: Sequence[str]) -> None:
        """Stop instances: EC2 stops all of them or none."""
        self._ec2.stop_instances(InstanceIds=list(instance_ids))

    def start(self, instance_ids: Sequence[str]) -> None:
        """Start instances: EC2 starts all of them or none."""
        self._ec2.start_instances(InstanceIds=list(instance_ids))

    def mark(self, instance_ids: Sequence[str], moment: datetime) -> None:
        """Write on the instances when we stop them."""
        value = moment.isoformat(timespec="seconds")
        self._ec2.create_tags(Resources=list(instance_ids), Tags=[{"Key": MARK, "Value": value}])

    def unmark(self, instance_ids: Sequence[str]) -> None:
        """Take the mark off."""
        self._ec2.delete_tags(Resources=list(instance_ids), Tags=[{"Key": MARK}])


class Processors:
    """How busy the processors of instances were."""

    def __init__(self, cloudwatch: CloudWatchClient) -> None:
        self._cloudwatch = cloudwatch

    def highest_use(self, instance_ids: Sequence[str], since: datetime, until: datetime) -> Mapping[str, float]:
        """The highest average of five minutes in percent, for every instance of which CloudWatch has values.

        Raises:
            ClientError, BotoCoreError: CloudWatch did not answer.
        """
        found: dict[str, float] = {}
        for some in batched(instance_ids, QUERIES_AT_ONCE, strict=False):
            pages = self._cloudwatch.get_paginator("get_metric_data").paginate(
                MetricDataQueries=[
                    {
                        "Id": f"use{number}",
                        "MetricStat": {
                            "Metric": {
                                "Namespace": "AWS/EC2",
                                "MetricName": "CPUUtilization",
                                "Dimensions": [{"Name": "InstanceId", "Value": instance_id}],
                            },
                            "Period": int(PERIOD.total_seconds()),
                            "Stat": "Average",
                        },
                    }
                    for number, instance_id in enumerate(some)
                ],
                StartTime=since,
                EndTime=until,
            )
            for result in (result for page in pages for result in page["MetricDataResults"]):
                if values := result["Values"]:
                    instance_id = some[int(result["Id"].removeprefix("use"))]
                    found[instance_id] = max(found.get(instance_id, 0.0), *values)
        return found


def _instance(found: Any) -> Instance:
    stopped = _STOPPED_AT.search(found.get("StateTransitionReason", ""))
    return Instance(
        id=found["InstanceId"],
        state=found["State"]["Name"],
        launched_at=found["LaunchTime"],
        tags={each["Key"]: each["Value"] for each in found.get("Tags", [])},
        stopped_at=datetime.fromisoformat(stopped[1]).replace(tzinfo=UTC) if stopped else None,
        is_spot=found.get("InstanceLifecycle") == "spot",
        # EKS Auto Mode and others run instances that nobody else may change.
        # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html
        is_managed=found.get("Operator", {}).get("Managed", False),
        has_ebs_root=found.get("RootDeviceType", "ebs") == "ebs",
    )
