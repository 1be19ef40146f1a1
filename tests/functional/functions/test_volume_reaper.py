"""volume_reaper on moto: marks, snapshots and deletes real (emulated) volumes, and what it does when EC2 fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from unittest.mock import Mock, patch

import boto3
import pytest
from botocore.exceptions import ClientError

from common.publisher import NoticeNotSent
from tests.functional.functions.conftest import REGION, Context, Load, Metrics, Notices
from volume_reaper.domain import FINAL_SNAPSHOT_OF, MARK

DAY = timedelta(days=1)


@pytest.fixture
def ec2(aws: None) -> Any:
    return boto3.client("ec2")


@pytest.fixture
def module(ec2: Any, load: Load, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("SNAPSHOT_RETENTION_DAYS", "90")
    return load("volume_reaper")


def make(ec2: Any, **tags: str) -> str:
    listed = [{"Key": name, "Value": value} for name, value in tags.items()]
    more = {"TagSpecifications": [{"ResourceType": "volume", "Tags": listed}]} if listed else {}
    volume: str = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=8, **more)["VolumeId"]
    return volume


def tags_of(ec2: Any, volume: str) -> dict[str, str]:
    (found,) = ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
    return {each["Key"]: each["Value"] for each in found.get("Tags", [])}


def volumes(ec2: Any) -> set[str]:
    return {each["VolumeId"] for each in ec2.describe_volumes()["Volumes"]}


def finals(ec2: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ec2.describe_snapshots(
        OwnerIds=["self"], Filters=[{"Name": "tag-key", "Values": [FINAL_SNAPSHOT_OF]}]
    )["Snapshots"]
    return found


def run(module: ModuleType, context: Context, mode: str = "watch", later: timedelta = timedelta(0)) -> dict[str, Any]:
    now = datetime.now(UTC) + later
    with patch.object(module.clock, "datetime", Mock(now=Mock(return_value=now))):
        reply: dict[str, Any] = module.handler({"schedule": mode, "mode": mode}, context)
        return reply


def put_use(volume: str, moment: datetime) -> None:
    """A value of the metric that EC2 sends while a volume is attached."""
    boto3.client("cloudwatch").put_metric_data(
        Namespace="AWS/EBS",
        MetricData=[
            {
                "MetricName": "VolumeWriteOps",
                "Dimensions": [{"Name": "VolumeId", "Value": volume}],
                "Timestamp": moment,
                "Value": 12,
            }
        ],
    )


def attach(ec2: Any, volume: str) -> None:
    image = "ami-0123456789abcdef0"
    zone = {"AvailabilityZone": f"{REGION}a"}
    (instance,) = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, Placement=zone)["Instances"]
    ec2.attach_volume(VolumeId=volume, InstanceId=instance["InstanceId"], Device="/dev/sdh")


def test_an_unattached_volume_is_marked_and_its_owner_told(
    ec2: Any, module: ModuleType, context: Context, notices: Notices, metrics: Metrics
) -> None:
    volume = make(ec2, Owner="lab-7", Name="old data")
    assert run(module, context)["counts"] == {"mark": 1}
    assert MARK in tags_of(ec2, volume)
    (notice,) = notices("platform")
    assert notice["kind"] == "volumes.marked"
    (item,) = notice["details"]["volumes"]["items"]
    assert (item["volume"], item["owner"], item["name"]) == (volume, "lab-7", "old data")
    assert metrics()["VolumesMarked"] == 1
    assert run(module, context)["counts"] == {}
    assert notices("platform") == []


def test_after_a_month_a_final_snapshot_is_taken_and_then_the_volume_goes(
    ec2: Any, module: ModuleType, context: Context, notices: Notices
) -> None:
    volume = make(ec2, Owner="lab-7")
    run(module, context)
    assert run(module, context, "reap", later=29 * DAY)["counts"] == {}
    assert run(module, context, "reap", later=31 * DAY)["counts"] == {"snap": 1}
    (final,) = finals(ec2)
    tags = {each["Key"]: each["Value"] for each in final["Tags"]}
    assert tags[FINAL_SNAPSHOT_OF] == volume
    assert tags["Owner"] == "lab-7"
    assert volume in volumes(ec2)
    assert run(module, context, "watch", later=32 * DAY)["counts"] == {"delete": 1}
    assert volume not in volumes(ec2)
    assert [notice["kind"] for notice in notices("platform")][-2:] == ["volumes.final_snapshot", "volumes.deleted"]
    assert run(module, context, "watch", later=119 * DAY)["counts"] == {}
    assert run(module, context, "watch", later=122 * DAY)["counts"] == {"forget": 1}
    assert finals(ec2) == []


def test_a_volume_that_was_used_between_two_looks_begins_a_new_month(
    ec2: Any, module: ModuleType, context: Context
) -> None:
    volume = make(ec2)
    run(module, context)
    put_use(volume, datetime.now(UTC) + 12 * DAY)
    assert run(module, context, "reap", later=31 * DAY)["counts"] == {"unmark": 1}
    assert MARK not in tags_of(ec2, volume)
    assert finals(ec2) == []


def test_a_volume_written_to_after_its_final_snapshot_stays(ec2: Any, module: ModuleType, context: Context) -> None:
    volume = make(ec2)
    run(module, context)
    with patch.object(type(module.reaper.volumes), "delete_volume"):
        run(module, context, "reap", later=31 * DAY)
    put_use(volume, datetime.now(UTC) + timedelta(hours=2))  # moto dates the snapshot with the machine's clock
    dry = run(module, context, "dry_run", later=32 * DAY)
    assert dry["actions"] == [f"unmark {volume}"]
    assert run(module, context, "watch", later=32 * DAY)["counts"] == {"unmark": 1}
    assert volume in volumes(ec2)


def test_use_before_the_mark_counts_for_nothing(ec2: Any, module: ModuleType, context: Context) -> None:
    volume = make(ec2)
    put_use(volume, datetime.now(UTC) - timedelta(hours=3))
    run(module, context)
    assert run(module, context, "reap", later=31 * DAY)["counts"] == {"snap": 1}


@pytest.mark.parametrize("answer", ["error", "no answer"])
def test_nothing_goes_while_cloudwatch_does_not_say_whether_it_was_used(
    ec2: Any, module: ModuleType, context: Context, notices: Notices, metrics: Metrics, answer: str
) -> None:
    volume = make(ec2)
    run(module, context)
    page = {"MetricDataResults": [{"Id": "writes", "Timestamps": [], "Values": [], "StatusCode": "InternalError"}]}
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetMetricData")
    pages = Mock(paginate=Mock(side_effect=refused) if answer == "error" else Mock(return_value=[page]))
    with patch.object(module.reaper.usage._cloudwatch, "get_paginator", return_value=pages):
        assert run(module, context, "reap", later=31 * DAY)["counts"] == {"failed": 1}
    assert (volumes(ec2), finals(ec2)) == ({volume}, [])
    assert metrics()["VolumeFailures"] == 1
    assert notices("platform")[-1]["kind"] == "volumes.failed"


def test_a_repeated_reap_takes_no_second_snapshot(ec2: Any, module: ModuleType, context: Context) -> None:
    make(ec2)
    run(module, context)
    with patch.object(type(module.reaper.volumes), "delete_volume"):
        run(module, context, "reap", later=31 * DAY)
        run(module, context, "reap", later=31 * DAY)
    assert len(finals(ec2)) == 1


def test_a_volume_attached_again_is_unmarked_and_its_window_begins_anew(
    ec2: Any, module: ModuleType, context: Context
) -> None:
    volume = make(ec2)
    run(module, context)
    attach(ec2, volume)
    assert run(module, context, later=5 * DAY)["counts"] == {"unmark": 1}
    assert MARK not in tags_of(ec2, volume)


def test_a_volume_attached_between_check_and_delete_stays(ec2: Any, module: ModuleType, context: Context) -> None:
    volume = make(ec2)
    run(module, context)
    run(module, context, "reap", later=31 * DAY)
    look = module.reaper.volumes.final_snapshots

    def attached_meanwhile() -> Any:
        found = look()
        attach(ec2, volume)
        return found

    with patch.object(module.reaper.volumes, "final_snapshots", attached_meanwhile):
        counts = run(module, context, later=32 * DAY)["counts"]
    assert counts == {"changed_meanwhile": 1}
    assert volume in volumes(ec2)


@pytest.mark.parametrize("code", ["VolumeInUse", "InvalidVolume.NotFound"])
def test_what_ec2_refuses_to_delete_is_no_failure(ec2: Any, module: ModuleType, context: Context, code: str) -> None:
    volume = make(ec2)
    run(module, context)
    run(module, context, "reap", later=31 * DAY)
    fault = ClientError({"Error": {"Code": code, "Message": "m"}}, "DeleteVolume")
    with patch.object(type(module.reaper.volumes), "delete_volume", side_effect=fault):
        assert run(module, context, later=32 * DAY)["counts"] == {"changed_meanwhile": 1}
    assert volume in volumes(ec2)


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "RequestLimitExceeded"])
def test_one_volume_that_fails_does_not_stop_the_others_and_is_told(
    ec2: Any, module: ModuleType, context: Context, notices: Notices, metrics: Metrics, code: str
) -> None:
    first, second = sorted([make(ec2), make(ec2)])
    mark = module.reaper.volumes.mark

    def fail_first(volume_id: str, moment: datetime) -> None:
        if volume_id == first:
            raise ClientError({"Error": {"Code": code, "Message": "m"}}, "CreateTags")
        mark(volume_id, moment)

    with patch.object(module.reaper.volumes, "mark", fail_first):
        assert run(module, context)["counts"] == {"failed": 1, "mark": 1}
    assert MARK in tags_of(ec2, second)
    failed = next(notice for notice in notices("platform") if notice["kind"] == "volumes.failed")
    assert failed["severity"] == "critical"
    assert failed["details"]["volumes"]["items"][0]["problem"] == code
    assert metrics()["VolumeFailures"] == 1
    assert run(module, context)["counts"] == {"mark": 1}


def test_a_dry_run_changes_nothing_and_says_what_it_would_do(
    ec2: Any, module: ModuleType, context: Context, notices: Notices
) -> None:
    volume = make(ec2)
    assert run(module, context, "dry_run") == {"outcome": "dry_run", "actions": [f"mark {volume}"]}
    assert tags_of(ec2, volume) == {}
    assert notices("platform") == []


@pytest.mark.parametrize("event", [None, [], {"mode": "delete everything"}, {"mode": []}])
def test_an_event_that_makes_no_sense_is_ignored(
    ec2: Any, module: ModuleType, context: Context, event: Any, metrics: Metrics
) -> None:
    volume = make(ec2)
    assert module.handler(event, context)["outcome"] == "ignored"
    assert tags_of(ec2, volume) == {}
    assert metrics()["EventsIgnored"] == 1


def test_ec2_that_does_not_answer_is_raised(ec2: Any, module: ModuleType, context: Context) -> None:
    fault = ClientError({"Error": {"Code": "RequestLimitExceeded", "Message": "m"}}, "DescribeVolumes")
    with (
        patch.object(type(module.reaper.volumes), "volumes", side_effect=fault),
        pytest.raises(ClientError, match="RequestLimitExceeded"),
    ):
        run(module, context)


def test_a_run_short_of_time_leaves_the_rest_for_the_next(ec2: Any, module: ModuleType, context: Context) -> None:
    make(ec2)
    context.remaining_ms = [1_000]
    assert run(module, context)["counts"] == {"left_for_next_run": 1}


def test_a_notice_sns_does_not_take_is_an_error_after_the_work(ec2: Any, module: ModuleType, context: Context) -> None:
    volume = make(ec2)
    with (
        patch.object(module.reaper.publisher, "publish", return_value=False),
        pytest.raises(NoticeNotSent),
    ):
        run(module, context)
    assert MARK in tags_of(ec2, volume)
