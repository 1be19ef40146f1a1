"""The reaper, deployed: its daily schedule marks, its monthly one takes the final snapshot, and the volume goes.

A month of the platform's clock would fire 1,440 transfers: the mark's date is set back by hand instead.
"""

import json
from datetime import timedelta
from typing import Any

from tests.local.conftest import Platform
from tests.patience import wait_for

MARK = "kosha:unattached-since"


def tags(platform: Platform, volume: str) -> dict[str, str]:
    (found,) = platform.cloud.client("ec2", platform.environment.region).describe_volumes(VolumeIds=[volume])["Volumes"]
    return {each["Key"]: each["Value"] for each in found.get("Tags", [])}


def call(platform: Platform, mode: str) -> dict[str, Any]:
    client = platform.cloud.client("lambda", platform.environment.region)
    function = platform.handoffs["40-automation"]["function_arns"]["volume_reaper"]
    answer = client.invoke(FunctionName=function, Payload=json.dumps({"schedule": mode, "mode": mode}).encode())
    reply: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, reply
    return reply


def test_an_unattached_volume_is_marked_by_the_daily_schedule_and_goes_after_a_month(platform: Platform) -> None:
    ec2 = platform.cloud.client("ec2", platform.environment.region)
    zone = f"{platform.environment.region}a"
    volume = ec2.create_volume(AvailabilityZone=zone, Size=1)["VolumeId"]
    claim = ec2.create_volume(
        AvailabilityZone=zone,
        Size=1,
        TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "CSIVolumeName", "Value": "pvc-1"}]}],
    )["VolumeId"]
    with platform.only_schedules("-watch"):
        platform.cloud.advance_clock(int(platform.until("volume-reaper-watch").total_seconds()) + 60)
        wait_for("the volume is marked", lambda: MARK in tags(platform, volume))
    assert wait_for("its owner is told", lambda: platform.notices("volumes.marked"))
    assert MARK not in tags(platform, claim)

    back = (platform.now() - timedelta(days=31)).isoformat(timespec="seconds")
    ec2.create_tags(Resources=[volume], Tags=[{"Key": MARK, "Value": back}])
    assert call(platform, "reap")["counts"] == {"snap": 1}
    assert call(platform, "watch")["counts"] == {"delete": 1}
    present = {each["VolumeId"] for each in ec2.describe_volumes()["Volumes"]}
    assert volume not in present
    assert claim in present
    snapshots = ec2.describe_snapshots(
        OwnerIds=["self"], Filters=[{"Name": "tag:kosha:final-snapshot-of", "Values": [volume]}]
    )
    assert len(snapshots["Snapshots"]) == 1
    ec2.delete_snapshot(SnapshotId=snapshots["Snapshots"][0]["SnapshotId"])
    ec2.delete_volume(VolumeId=claim)
