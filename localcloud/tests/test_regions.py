"""A region that is stopped answers nothing, and nothing happens in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from .conftest import PRIMARY, RECOVERY, Cloud, messages, wait_for

UNREACHABLE = "Connection was closed|Could not connect|Connection reset|Remote end closed"
HOUR = 3600


@pytest.fixture
def stop(cloud: Cloud) -> Iterator[Callable[[], None]]:
    yield lambda: cloud.control.post("regions", {"region": PRIMARY, "state": "stopped"})
    cloud.control.post("regions", {"region": PRIMARY, "state": "running"})


def test_no_call_to_a_stopped_region_is_answered(cloud: Cloud, stop: Callable[[], None]) -> None:
    stop()
    assert cloud.control.get("regions") == {"stopped": [PRIMARY]}
    calls: list[Callable[[], Any]] = [
        cloud.client("ssm").describe_parameters,
        cloud.client("kms").list_keys,
        cloud.client("sts").get_caller_identity,
        cloud.client("efs").describe_file_systems,
        cloud.client("backup").list_backup_vaults,
    ]
    for call in calls:
        with pytest.raises(BotoCoreError, match=UNREACHABLE):
            call()
    assert cloud.client("sts", RECOVERY).get_caller_identity()["Account"]
    assert cloud.client("iam").list_roles()["ResponseMetadata"]["HTTPStatusCode"] == 200
    cloud.control.post("regions", {"region": PRIMARY, "state": "running"})
    assert cloud.client("sts").get_caller_identity()["Account"]


def test_a_bucket_is_out_of_reach_from_every_region(cloud: Cloud, stop: Callable[[], None]) -> None:
    names = {region: f"bucket-{region}" for region in (PRIMARY, RECOVERY)}
    for region, name in names.items():
        s3 = cloud.client("s3", region)
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
        s3.put_object(Bucket=name, Key="key", Body=b"x")
    stop()
    for region in (PRIMARY, RECOVERY):
        with pytest.raises(BotoCoreError, match=UNREACHABLE):
            cloud.client("s3", region).get_object(Bucket=names[PRIMARY], Key="key")
    assert cloud.client("s3", RECOVERY).get_object(Bucket=names[RECOVERY], Key="key")["Body"].read() == b"x"
    cloud.control.post("regions", {"region": PRIMARY, "state": "running"})
    for region, name in names.items():
        s3 = cloud.client("s3", region)
        assert s3.get_object(Bucket=name, Key="key")["Body"].read() == b"x"
        s3.delete_object(Bucket=name, Key="key")
        s3.delete_bucket(Bucket=name)


def test_schedules_of_a_stopped_region_are_missed(
    cloud: Cloud, stop: Callable[[], None], make_queue: Callable[[], tuple[str, str]], role: str
) -> None:
    url, queue = make_queue()
    scheduler, events = cloud.client("scheduler"), cloud.client("events")
    scheduler.create_schedule(
        Name="hourly",
        ScheduleExpression="cron(0 * * * ? *)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": queue, "RoleArn": role, "Input": "schedule"},
    )
    events.put_rule(Name="hourly", ScheduleExpression="cron(0 * * * ? *)")
    events.put_targets(Rule="hourly", Targets=[{"Id": "queue", "Arn": queue, "Input": '{"from": "rule"}'}])
    arrived: list[str] = []

    def two_have_arrived() -> bool:
        arrived.extend(message["Body"] for message in messages(cloud, url))
        return len(arrived) == 2

    cloud.advance(HOUR)
    wait_for(two_have_arrived)
    assert len(set(arrived)) == 2
    stop()
    cloud.advance(3 * HOUR)
    cloud.control.post("regions", {"region": PRIMARY, "state": "running"})
    assert messages(cloud, url) == []
    arrived.clear()
    cloud.advance(HOUR)
    wait_for(two_have_arrived)
    scheduler.delete_schedule(Name="hourly")
    events.remove_targets(Rule="hourly", Ids=["queue"])
    events.delete_rule(Name="hourly")


@pytest.mark.parametrize("wanted", [{}, {"region": PRIMARY}, {"region": PRIMARY, "state": "gone"}, [PRIMARY]])
def test_a_wrong_call_is_refused(cloud: Cloud, wanted: Any) -> None:
    from kosha_localcloud.client import RefusedError

    with pytest.raises(RefusedError, match="stopped"):
        cloud.control.post("regions", wanted)
    assert cloud.control.get("regions") == {"stopped": []}
