"""Test instances on the local cloud, on the last evening hour of a day with testing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.local.conftest import Platform

INDIA = ZoneInfo("Asia/Kolkata")
# One of those LocalStack begins with.
IMAGE = "ami-12c6146b"
MARK = "kosha:stopped-at"
LOOK = "instance-scheduler-look"
# modules/automation/variables.tf, testing_holidays
HOLIDAYS = ("01-26", "08-15", "10-02")


def go_to_evening(platform: Platform) -> datetime:
    """Put the clock to 19:10 in India of the next day with testing, while every schedule rests; 20:00 of that day, when
    office hours end."""
    evening = platform.now().astimezone(INDIA).replace(hour=19, minute=10, second=0, microsecond=0)
    while evening <= platform.now() or evening.weekday() > 4 or f"{evening:%m-%d}" in HOLIDAYS:
        evening += timedelta(days=1)
    with platform.only_schedules("none of them"):
        platform.cloud.advance_clock(int((evening - platform.now()).total_seconds()))
    return evening.replace(hour=20, minute=0)


def advance_to(platform: Platform, moment: datetime) -> None:
    """Let the clock go on to a moment, and a minute beyond it for what falls due then."""
    platform.cloud.advance_clock(int((moment - platform.now()).total_seconds()) + 60)


def make(platform: Platform, tags: Mapping[str, str], percent: float = 1.0) -> str:
    """An instance that starts now and keeps its processors so busy for the next two hours."""
    named = [{"Key": name, "Value": value} for name, value in tags.items()]
    (made,) = platform.client("ec2").run_instances(
        ImageId=IMAGE,
        MinCount=1,
        MaxCount=1,
        Placement={"AvailabilityZone": f"{platform.environment.region}a"},
        TagSpecifications=[{"ResourceType": "instance", "Tags": named}],
    )["Instances"]
    name: str = made["InstanceId"]
    # EC2 sends these by itself; the local cloud has no processors to measure.
    platform.client("cloudwatch").put_metric_data(
        Namespace="AWS/EC2",
        MetricData=[
            {
                "MetricName": "CPUUtilization",
                "Dimensions": [{"Name": "InstanceId", "Value": name}],
                "Timestamp": platform.now() + number * timedelta(minutes=5),
                "Value": percent,
            }
            for number in range(24)
        ],
    )
    return name


def describe(platform: Platform, instance: str) -> Mapping[str, Any]:
    """The instance as EC2 shows it."""
    (group,) = platform.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"]
    found: Mapping[str, Any] = group["Instances"][0]
    return found


def state(platform: Platform, instance: str) -> str:
    """running, stopped ..."""
    name: str = describe(platform, instance)["State"]["Name"]
    return name


def tags(platform: Platform, instance: str) -> dict[str, str]:
    """Its tags."""
    return {each["Key"]: each["Value"] for each in describe(platform, instance).get("Tags", [])}
