"""The calls volume_reaper makes to EC2 and CloudWatch."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from common.failures import code_of
from volume_reaper.domain import FINAL_SNAPSHOT_OF, MARK, Instances, Snapshot, Volume

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ec2 import EC2Client

# CloudWatch keeps hourly values for 455 days, finer ones for less than a window:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
PERIOD = timedelta(hours=1)


class Volumes:
    """Volumes, the instances that own some, and final snapshots. ``creating`` is the client for the one call that must
    not be tried again by itself: CreateSnapshot knows no token, so an answer lost on the way would make two."""

    def __init__(self, ec2: EC2Client, creating: EC2Client) -> None:
        self._ec2 = ec2
        self._creating = creating

    def volumes(self) -> list[Volume]:
        """Every unattached volume, and every marked one whatever its state."""
        found: dict[str, Volume] = {}
        for name, value in (("status", "available"), ("tag-key", MARK)):
            pages = self._ec2.get_paginator("describe_volumes").paginate(Filters=[{"Name": name, "Values": [value]}])
            found |= {each["VolumeId"]: _volume(each) for page in pages for each in page["Volumes"]}
        return list(found.values())

    def volume(self, volume_id: str) -> Volume | None:
        """One volume as it is now."""
        try:
            (found,) = self._ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"]
        except ClientError as error:
            if code_of(error) == "InvalidVolume.NotFound":
                return None
            raise
        return _volume(found)

    def instances(self) -> Instances:
        """Every instance that is not terminated."""
        ids, volume_ids = set(), set()
        for page in self._ec2.get_paginator("describe_instances").paginate():
            for instance in (each for group in page["Reservations"] for each in group["Instances"]):
                if instance["State"]["Name"] == "terminated":
                    continue
                ids.add(instance["InstanceId"])
                mappings = instance.get("BlockDeviceMappings", [])
                volume_ids |= {each["Ebs"]["VolumeId"] for each in mappings if "Ebs" in each}
        return Instances(ids, volume_ids)

    def final_snapshots(self) -> list[Snapshot]:
        """The final snapshots of this account."""
        pages = self._ec2.get_paginator("describe_snapshots").paginate(
            OwnerIds=["self"], Filters=[{"Name": "tag-key", "Values": [FINAL_SNAPSHOT_OF]}]
        )
        found = (each for page in pages for each in page["Snapshots"])
        return [
            Snapshot(
                id=each["SnapshotId"],
                volume_id=_tags(each)[FINAL_SNAPSHOT_OF],
                state=each["State"],
                started_at=each["StartTime"],
                tags=_tags(each),
            )
            for each in found
        ]

    def mark(self, volume_id: str, moment: datetime) -> None:
        """Write on the volume since when it has been unattached."""
        value = moment.isoformat(timespec="seconds")
        self._ec2.create_tags(Resources=[volume_id], Tags=[{"Key": MARK, "Value": value}])

    def unmark(self, volume_id: str) -> None:
        """Take the mark off."""
        self._ec2.delete_tags(Resources=[volume_id], Tags=[{"Key": MARK}])

    def snap(self, volume_id: str, tags: dict[str, str]) -> str:
        """Begin a snapshot; its id."""
        return self._creating.create_snapshot(
            VolumeId=volume_id,
            Description=f"Final snapshot of {volume_id}, which was unattached",
            TagSpecifications=[
                {
                    "ResourceType": "snapshot",
                    "Tags": [{"Key": name, "Value": value} for name, value in sorted(tags.items())],
                }
            ],
        )["SnapshotId"]

    def delete_volume(self, volume_id: str) -> None:
        """Delete an unattached volume; EC2 refuses one that is attached."""
        self._ec2.delete_volume(VolumeId=volume_id)

    def delete_snapshot(self, snapshot_id: str) -> None:
        """Delete a snapshot."""
        self._ec2.delete_snapshot(SnapshotId=snapshot_id)


class UsageUnknown(Exception):
    """CloudWatch did not say whether a volume was in use."""


class Usage:
    """When volumes were in use, which EC2 does not tell afterwards: a volume has metrics only while it is attached
    (https://docs.aws.amazon.com/ebs/latest/userguide/using_cloudwatch_ebs.html)."""

    def __init__(self, cloudwatch: CloudWatchClient) -> None:
        self._cloudwatch = cloudwatch

    def was_attached(self, volume_id: str, since: datetime, until: datetime) -> bool:
        """Whether it was attached in an hour that began at ``since`` (UTC) or later.

        Raises:
            ClientError, BotoCoreError, UsageUnknown: CloudWatch did not say.
        """
        pages = self._cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[
                {
                    "Id": "writes",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/EBS",
                            "MetricName": "VolumeWriteOps",
                            "Dimensions": [{"Name": "VolumeId", "Value": volume_id}],
                        },
                        "Period": int(PERIOD.total_seconds()),
                        "Stat": "SampleCount",
                    },
                }
            ],
            StartTime=since,
            EndTime=until,
        )
        results = [result for page in pages for result in page["MetricDataResults"]]
        if bad := {result["StatusCode"] for result in results} - {"Complete", "PartialData"}:
            raise UsageUnknown(f"GetMetricData of {volume_id}: {', '.join(sorted(bad))}")
        return any(moment >= since for result in results for moment in result["Timestamps"])


def _tags(found: Any) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in found.get("Tags", [])}


def _volume(found: Any) -> Volume:
    return Volume(found["VolumeId"], found["State"], found["Size"], _tags(found))
