"""The instance scheduler, deployed: its schedule stops the test instances whose hours are over, and no others."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.local.conftest import Platform, wait_for
from tests.local.test_25_volumes import MARK as UNATTACHED
from tests.local.test_25_volumes import call, tags

SCHEDULE = {"kosha:schedule": "office-hours"}


def run_instance(ec2: Any, named: dict[str, str]) -> str:
    made = ec2.run_instances(
        ImageId=ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"],
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": name, "Value": value} for name, value in named.items()]}
        ],
    )
    identity: str = made["Instances"][0]["InstanceId"]
    return identity


def found(ec2: Any, instance: str) -> Any:
    return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]


def until_nine_in_the_evening(platform: Platform) -> timedelta:
    """Long enough after now that nobody has just started an instance by hand."""
    local = platform.now().astimezone(ZoneInfo("Asia/Kolkata"))
    evening = datetime.combine(local.date(), datetime.min.time(), local.tzinfo) + timedelta(hours=21)
    while evening - local < timedelta(hours=6):
        evening += timedelta(days=1)
    return evening - local


def test_test_instances_are_stopped_after_their_hours_and_keep_their_volumes(platform: Platform) -> None:
    region = platform.environment.region
    ec2, cloudwatch = platform.cloud.client("ec2", region), platform.cloud.client("cloudwatch", region)
    idle, busy = run_instance(ec2, SCHEDULE), run_instance(ec2, SCHEDULE)
    protected, other = run_instance(ec2, SCHEDULE | {"kosha:protect": "true"}), run_instance(ec2, {"Name": "other"})
    with platform.only_schedules("-none"):
        platform.cloud.advance_clock(int(until_nine_in_the_evening(platform).total_seconds()))
    for instance, percent in ((idle, 1.0), (busy, 80.0)):
        cloudwatch.put_metric_data(
            Namespace="AWS/EC2",
            MetricData=[
                {
                    "MetricName": "CPUUtilization",
                    "Dimensions": [{"Name": "InstanceId", "Value": instance}],
                    "Timestamp": platform.now(),
                    "Value": percent,
                    "Unit": "Percent",
                }
            ],
        )
    with platform.only_schedules("-look"):
        platform.cloud.advance_clock(16 * 60)
        wait_for("the idle one is stopped", lambda: found(ec2, idle)["State"]["Name"] == "stopped")
    for instance in (busy, protected, other):
        assert found(ec2, instance)["State"]["Name"] == "running"
    (notice,) = wait_for("people are told", lambda: platform.notices("instances.stopped"))
    assert [each["instance"] for each in notice["details"]["instances"]["items"]] == [idle]

    volumes = [each["Ebs"]["VolumeId"] for each in found(ec2, idle)["BlockDeviceMappings"]]
    assert volumes
    call(platform, "watch")
    assert not any(UNATTACHED in tags(platform, volume) for volume in volumes)
    ec2.terminate_instances(InstanceIds=[idle, busy, protected, other])
