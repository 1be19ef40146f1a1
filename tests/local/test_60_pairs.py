"""Dangerous pairs: two parts that are each right and together are not. The other pairs have their tests beside the
functions they concern (docs/failures.md lists all)."""

import json
from datetime import timedelta
from typing import Any

from tests.local.conftest import Platform
from tests.local.instances import LOOK, advance_to, describe, go_to_evening, make, state
from tests.patience import wait_for

HALF_AN_HOUR = 1800
UNATTACHED = "kosha:unattached-since"
KEY = "variant-calls/lambda-phage/vc_lambda-phage_hyd-01_P001.vcf.gz"
TAGS = {"data_class": "variant_calls", "sensitivity": "controlled", "project": "lambda-phage", "site": "hyd-01"}


def test_a_late_edit_of_tags_reaches_the_replica(platform: Platform) -> None:
    """Late tag edits x replica: the object has long been replicated when somebody adds a tag of their own."""
    platform.publish(KEY, b"variants")
    platform.cloud.advance_clock(HALF_AN_HOUR)
    wait_for("the replica carries the tags", lambda: platform.tags(KEY, recovery=True) == TAGS)
    edited = TAGS | {"study": "late-edit"}
    platform.client("s3").put_object_tagging(
        Bucket=platform.storage["lake_bucket"],
        Key=KEY,
        Tagging={"TagSet": [{"Key": name, "Value": value} for name, value in edited.items()]},
    )
    wait_for("the replica carries the edit", lambda: platform.tags(KEY, recovery=True) == edited)


def test_a_file_copied_again_keeps_its_class_and_never_stands_in_the_open(platform: Platform) -> None:
    """Overwrite x tags: the new version begins untagged; the old one keeps what others wrote on it."""
    platform.publish(KEY, b"better variants")
    platform.cloud.advance_clock(HALF_AN_HOUR)
    wait_for("the new version carries the governed tags and no others", lambda: platform.tags(KEY) == TAGS)
    s3, bucket = platform.client("s3"), platform.storage["lake_bucket"]
    versions = s3.list_object_versions(Bucket=bucket, Prefix=KEY)["Versions"]
    assert len(versions) == 2
    (old,) = [version["VersionId"] for version in versions if not version["IsLatest"]]
    tags = s3.get_object_tagging(Bucket=bucket, Key=KEY, VersionId=old)["TagSet"]
    assert {"Key": "study", "Value": "late-edit"} in tags


def test_the_disks_of_an_instance_that_was_stopped_for_the_night_are_never_reaped(platform: Platform) -> None:
    """Off-hours stop x volume reaper: one disk stays attached, one lies beside it and looks left over. Both were marked
    a month ago; a third disk, which nobody needs, goes."""
    ec2 = platform.client("ec2")
    end = go_to_evening(platform)
    instance = make(platform, {"kosha:schedule": "office-hours"})
    month_ago = (platform.now() - timedelta(days=31)).isoformat(timespec="seconds")

    def disk(**more: str) -> str:
        listed = [{"Key": name, "Value": value} for name, value in ({UNATTACHED: month_ago} | more).items()]
        volume: str = ec2.create_volume(
            AvailabilityZone=f"{platform.environment.region}a",
            Size=1,
            TagSpecifications=[{"ResourceType": "volume", "Tags": listed}],
        )["VolumeId"]
        return volume

    attached, aside, left = disk(), disk(**{"kosha:owner-instance": instance}), disk()
    ec2.attach_volume(VolumeId=attached, InstanceId=instance, Device="/dev/sdh")
    with platform.only_schedules(LOOK):
        advance_to(platform, end)
        wait_for("the scheduler stops the instance", lambda: state(platform, instance) == "stopped")
    assert reap(platform, "reap") == {"unmark": 2, "snap": 1}
    assert reap(platform, "watch") == {"delete": 1}
    present = {each["VolumeId"]: each for each in ec2.describe_volumes()["Volumes"]}
    assert {attached, aside} <= present.keys()
    assert left not in present
    ec2.start_instances(InstanceIds=[instance])
    mappings = {each["Ebs"]["VolumeId"] for each in describe(platform, instance)["BlockDeviceMappings"]}
    assert attached in mappings
    ec2.terminate_instances(InstanceIds=[instance])
    for volume in (attached, aside):
        ec2.delete_volume(VolumeId=volume)
    for snapshot in ec2.describe_snapshots(Filters=[{"Name": "volume-id", "Values": [left]}])["Snapshots"]:
        ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])


def reap(platform: Platform, mode: str) -> Any:
    """Call the deployed reaper; its counts."""
    function = platform.handoffs["40-automation"]["function_arns"]["volume_reaper"]
    answer = platform.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"mode": mode}).encode())
    reply = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, reply
    return reply["counts"]
