"""instance_scheduler on moto: stops and starts real (emulated) instances, and what it does when EC2 fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType, ModuleType
from typing import Any
from unittest.mock import Mock, patch

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import InstanceBackend

from common.publisher import NoticeNotSent
from instance_scheduler.domain import BUSY_UNTIL, MARK, SCHEDULE
from tests.functional.functions.conftest import REGION, REPORTS, Context, Load, Metrics, Notices, event

HOUR = timedelta(hours=1)
# One of those moto begins with; to ask for them all takes a second each time.
IMAGE = "ami-12c6146b"
# Friday, 21:00 in India.
EVENING = datetime(2026, 12, 25, 15, 30, tzinfo=UTC)
MORNING = datetime(2026, 12, 28, 3, 0, tzinfo=UTC)
WEEK = {"weekdays": ["mon", "tue", "wed", "thu", "fri"], "begin": "08:00", "end": "20:00", "timezone": "Asia/Kolkata"}


@pytest.fixture
def ec2(aws: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    schedules = {"office-hours": WEEK, "mornings": WEEK | {"start": True}}
    monkeypatch.setenv("SCHEDULES", json.dumps(schedules))
    monkeypatch.setenv("HOLIDAYS", '["01-26"]')
    boto3.client("s3").create_bucket(Bucket=REPORTS, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    return boto3.client("ec2")


@pytest.fixture(autouse=True)
def _refuses_as_ec2_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto lets a terminated instance be stopped, where EC2 refuses the whole call."""
    real = InstanceBackend.stop_instances

    def stop(backend: InstanceBackend, instance_ids: list[str]) -> Any:
        for each in backend.get_multi_instances_by_id(instance_ids):
            if each.state == "terminated":
                raise refused("IncorrectInstanceState", "StopInstances")
        return real(backend, instance_ids)

    monkeypatch.setattr(InstanceBackend, "stop_instances", stop)


@pytest.fixture
def module(ec2: Any, load: Load) -> ModuleType:
    return load("instance_scheduler")


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """moto's own clock, from which it takes when an instance was stopped."""

    def show(moment: datetime) -> None:
        monkeypatch.setattr("moto.ec2.models.instances.utcnow", lambda: moment.replace(tzinfo=None))

    show(EVENING)
    return show


def make(
    ec2: Any, schedule: str = "office-hours", use: float | None = 1.0, tags: Mapping[str, str] = MappingProxyType({})
) -> str:
    """An instance that has run since the morning, as busy as ``use``."""
    listed = [{"Key": name, "Value": value} for name, value in {SCHEDULE: schedule, **tags}.items()]
    (made,) = ec2.run_instances(
        ImageId=IMAGE, MinCount=1, MaxCount=1, TagSpecifications=[{"ResourceType": "instance", "Tags": listed}]
    )["Instances"]
    name: str = made["InstanceId"]
    started(name, EVENING - 12 * HOUR)
    if use is not None:
        works(name, use)
    return name


def started(instance: str, moment: datetime) -> None:
    """Set when an instance was last started, which moto knows only of the first start."""
    found: Any = ec2_backends["123456789012"][REGION].get_instance(instance)
    found.launch_time = moment


def works(instance: str, percent: float, moment: datetime = EVENING) -> None:
    """A value of the metric that EC2 sends every five minutes."""
    boto3.client("cloudwatch").put_metric_data(
        Namespace="AWS/EC2",
        MetricData=[
            {
                "MetricName": "CPUUtilization",
                "Dimensions": [{"Name": "InstanceId", "Value": instance}],
                "Timestamp": moment - timedelta(minutes=10),
                "Value": percent,
            }
        ],
    )


def state(ec2: Any, instance: str) -> str:
    (group,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    name: str = group["Instances"][0]["State"]["Name"]
    return name


def tags(ec2: Any, instance: str) -> dict[str, str]:
    (group,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    return {each["Key"]: each["Value"] for each in group["Instances"][0].get("Tags", [])}


def run(module: ModuleType, context: Context, now: datetime = EVENING, request: Any = None) -> dict[str, Any]:
    with patch.object(module.clock, "datetime", Mock(now=Mock(return_value=now))):
        reply: dict[str, Any] = module.handler({"schedule": "look"} if request is None else request, context)
        return reply


def refused(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}}, operation)


def failing(real: Callable[..., Any], one: str, error: Exception) -> Callable[..., Any]:
    """A call that fails as a whole when it names ``one``, as EC2's calls do."""

    def call(instance_ids: Any, *more: Any) -> Any:
        if one in instance_ids:
            raise error
        return real(instance_ids, *more)

    return call


def test_after_hours_idle_instances_are_stopped_and_told_once(
    ec2: Any, module: ModuleType, context: Context, wall: Any, notices: Notices, metrics: Metrics
) -> None:
    idle, busy = make(ec2, tags={"Name": "bench-1", "Owner": "lab-7"}), make(ec2, use=60)
    leased = make(ec2, tags={BUSY_UNTIL: (EVENING + HOUR).isoformat()})
    protected, unscheduled = make(ec2, tags={"kosha:protect": "true"}), make(ec2)
    ec2.delete_tags(Resources=[unscheduled], Tags=[{"Key": SCHEDULE}])
    reply = run(module, context)
    assert reply["counts"] == {"stop": 1, "spared_busy": 1, "spared_lease": 1, "spared_protected": 1}
    assert state(ec2, idle) == "stopped"
    assert tags(ec2, idle)[MARK] == EVENING.isoformat()
    assert {state(ec2, each) for each in (busy, leased, protected, unscheduled)} == {"running"}
    (notice,) = notices("platform")
    assert (notice["kind"], notice["severity"]) == ("instances.stopped", "info")
    (item,) = notice["details"]["instances"]["items"]
    assert (item["instance"], item["name"], item["owner"]) == (idle, "bench-1", "lab-7")
    counted = metrics()
    assert (counted["InstancesStopped"], counted["SparedBusy"], counted["SparedLease"]) == (1, 1, 1)
    run(module, context, EVENING + timedelta(minutes=15))
    assert notices("platform") == []


def test_in_hours_nothing_is_stopped_and_nothing_is_measured(
    ec2: Any, module: ModuleType, context: Context, wall: Any
) -> None:
    one = make(ec2, use=None)
    with patch.object(module.scheduler.processors._cloudwatch, "get_paginator", side_effect=AssertionError):
        assert run(module, context, EVENING - 2 * HOUR)["counts"] == {}
    assert state(ec2, one) == "running"


def test_in_the_morning_only_what_it_stopped_itself_is_started(
    ec2: Any, module: ModuleType, context: Context, wall: Any, notices: Notices, metrics: Metrics
) -> None:
    ours, theirs, no_start = make(ec2, "mornings"), make(ec2, "mornings"), make(ec2)
    ec2.stop_instances(InstanceIds=[theirs])
    assert run(module, context)["counts"] == {"stop": 2}
    metrics()
    wall(MORNING)
    assert run(module, context, MORNING)["counts"] == {"start": 1, "unmark": 1}
    assert [state(ec2, each) for each in (ours, theirs, no_start)] == ["running", "stopped", "stopped"]
    assert MARK not in tags(ec2, ours)
    assert [notice["kind"] for notice in notices("platform")] == ["instances.stopped", "instances.started"]
    counted = metrics()
    assert (counted["InstancesStarted"], counted["InstanceHoursSaved"]) == (1, 59.5)
    assert run(module, context, MORNING)["counts"] == {}


def test_a_terminated_instance_keeps_none_of_the_others_running(
    ec2: Any, module: ModuleType, context: Context, wall: Any, notices: Notices
) -> None:
    first, gone, last = make(ec2), make(ec2), make(ec2)
    look = module.scheduler.instances.scheduled

    def terminated_meanwhile() -> Any:
        found = look()
        ec2.terminate_instances(InstanceIds=[gone])
        return found

    with patch.object(module.scheduler.instances, "scheduled", terminated_meanwhile):
        assert run(module, context)["counts"] == {"stop": 2, "changed_meanwhile": 1}
    assert (state(ec2, first), state(ec2, last)) == ("stopped", "stopped")
    assert [notice["kind"] for notice in notices("platform")] == ["instances.stopped"]


def test_one_instance_that_cannot_be_stopped_does_not_keep_the_others_running_and_is_told_once(
    ec2: Any, module: ModuleType, context: Context, wall: Any, notices: Notices, metrics: Metrics
) -> None:
    bad, good = make(ec2), make(ec2)
    stop = failing(module.scheduler.instances.stop, bad, refused("OperationNotPermitted", "StopInstances"))
    later = EVENING + timedelta(minutes=15)
    with patch.object(module.scheduler.instances, "stop", stop):
        assert run(module, context)["counts"] == {"stop": 1, "failed": 1}
        assert state(ec2, good) == "stopped"
        assert MARK not in tags(ec2, bad)
        told = {notice["kind"]: notice for notice in notices("platform")}
        assert told["instances.failed"]["severity"] == "warning"
        (item,) = told["instances.failed"]["details"]["instances"]["items"]
        assert (item["instance"], item["problem"]) == (bad, "stop: OperationNotPermitted")
        counted = metrics()
        assert (counted["InstanceFailures"], counted["InstancesFailing"]) == (1, 1)
        works(bad, 1.0, later)
        assert run(module, context, later)["failing"] == 1
        counted = metrics()
        assert (counted["InstanceFailures"], counted["InstancesFailing"]) == (0, 1)
    assert notices("platform") == []
    # Mended, it is stopped; broken again, it is told again.
    assert run(module, context, later)["counts"]["stop"] == 1
    assert [notice["kind"] for notice in notices("platform")] == ["instances.stopped"]
    ec2.start_instances(InstanceIds=[bad])
    with patch.object(module.scheduler.instances, "stop", stop):
        run(module, context, later)
    assert [notice["kind"] for notice in notices("platform")] == ["instances.failed"]


def test_one_that_cannot_be_started_does_not_keep_the_others_stopped(
    ec2: Any, module: ModuleType, context: Context, wall: Any, notices: Notices
) -> None:
    bad, good = make(ec2, "mornings"), make(ec2, "mornings")
    run(module, context)
    start = failing(module.scheduler.instances.start, bad, refused("InsufficientInstanceCapacity", "StartInstances"))
    wall(MORNING)
    with patch.object(module.scheduler.instances, "start", start):
        assert run(module, context, MORNING)["counts"] == {"start": 1, "unmark": 1, "failed": 1}
    assert (state(ec2, bad), state(ec2, good)) == ("stopped", "running")
    assert notices("platform")[-1]["kind"] == "instances.failed"
    assert run(module, context, MORNING + HOUR / 4)["counts"] == {"start": 1, "unmark": 1}


@pytest.mark.parametrize(
    "error",
    [refused("RequestLimitExceeded", "StopInstances"), ReadTimeoutError(endpoint_url="https://ec2.aws")],
    ids=["throttled", "no answer"],
)
def test_a_call_that_is_throttled_or_unanswered_is_not_repeated_for_each_instance(
    ec2: Any, module: ModuleType, context: Context, wall: Any, error: Exception
) -> None:
    names = [make(ec2) for _ in range(3)]
    with patch.object(module.scheduler.instances, "stop", side_effect=error) as stop:
        assert run(module, context)["counts"] == {"failed": 3}
    assert stop.call_count == 1
    assert run(module, context)["counts"] == {"unmark": 3, "stop": 3}
    assert {state(ec2, each) for each in names} == {"stopped"}


@pytest.mark.parametrize("answer", ["refused", "no value"])
def test_while_cloudwatch_does_not_say_how_busy_it_is_an_instance_runs_on(
    ec2: Any, module: ModuleType, context: Context, wall: Any, notices: Notices, answer: str
) -> None:
    one = make(ec2, use=None)
    processors = type(module.scheduler.processors)
    real = processors.highest_use
    fault = refused("InternalServiceFault", "GetMetricData")
    with patch.object(processors, "highest_use", side_effect=fault if answer == "refused" else None) as patched:
        if answer != "refused":
            patched.side_effect = lambda ids, since, until: real(module.scheduler.processors, ids, since, until)
        assert run(module, context)["failing"] == 1
        run(module, context, EVENING + timedelta(minutes=15))
    assert state(ec2, one) == "running"
    (notice,) = notices("platform")
    assert "CloudWatch does not say" in notice["details"]["instances"]["items"][0]["problem"]


def test_a_schedule_nobody_knows_is_told_with_those_there_are(
    ec2: Any, module: ModuleType, context: Context, wall: Any, notices: Notices
) -> None:
    one = make(ec2, "night-shift")
    assert run(module, context) == {"outcome": "done", "counts": {}, "failing": 1}
    assert state(ec2, one) == "running"
    (notice,) = notices("platform")
    problem = notice["details"]["instances"]["items"][0]["problem"]
    assert problem == "its tag kosha:schedule is 'night-shift': give one of mornings, office-hours"


def test_an_instance_started_by_hand_runs_on_and_loses_its_mark(
    ec2: Any, module: ModuleType, context: Context, wall: Any, metrics: Metrics
) -> None:
    one = make(ec2, "mornings")
    run(module, context)
    metrics()
    ec2.start_instances(InstanceIds=[one])
    started(one, EVENING + HOUR)
    assert run(module, context, EVENING + HOUR * 2)["counts"] == {"unmark": 1, "spared_override": 1}
    assert MARK not in tags(ec2, one)
    assert metrics()["InstanceHoursSaved"] == 1
    works(one, 1.0, EVENING + HOUR * 5)
    assert run(module, context, EVENING + HOUR * 5)["counts"] == {"stop": 1}


def test_a_dry_run_says_what_it_would_do_and_does_nothing(
    ec2: Any, module: ModuleType, context: Context, wall: Any, notices: Notices
) -> None:
    idle, leased = make(ec2), make(ec2, tags={BUSY_UNTIL: "2026-12-25T22:00:00+05:30"})
    odd = make(ec2, "odd")
    reply = run(module, context, request=event("instances-dry-run"))
    assert reply == {
        "outcome": "dry_run",
        "actions": [
            f"stop {idle}",
            f"spare {leased}: lease until 2026-12-25T22:00:00+05:30",
            f"leave {odd}: its tag kosha:schedule is 'odd': give one of mornings, office-hours",
        ],
    }
    assert state(ec2, idle) == "running"
    assert MARK not in tags(ec2, idle)
    assert notices("platform") == []


@pytest.mark.parametrize("request_", [[], "stop", {"mode": "stop everything"}, {"mode": []}])
def test_an_event_that_makes_no_sense_is_ignored(
    ec2: Any, module: ModuleType, context: Context, wall: Any, request_: Any, metrics: Metrics
) -> None:
    one = make(ec2)
    assert run(module, context, request=request_)["outcome"] == "ignored"
    assert state(ec2, one) == "running"
    assert metrics()["EventsIgnored"] == 1


def test_more_instances_than_one_call_takes_are_all_stopped(
    ec2: Any, module: ModuleType, context: Context, wall: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("instance_scheduler.scheduler.AT_ONCE", 2)
    monkeypatch.setattr("instance_scheduler.aws.QUERIES_AT_ONCE", 3)
    names = [make(ec2) for _ in range(5)]
    assert run(module, context)["counts"] == {"stop": 5}
    assert {state(ec2, each) for each in names} == {"stopped"}


def test_a_run_short_of_time_leaves_the_rest_for_the_next(
    ec2: Any, module: ModuleType, context: Context, wall: Any
) -> None:
    one = make(ec2)
    context.remaining_ms = [1_000]
    assert run(module, context)["counts"] == {"left_for_next_run": 1}
    assert state(ec2, one) == "running"


def test_ec2_that_does_not_answer_is_raised(ec2: Any, module: ModuleType, context: Context) -> None:
    with (
        patch.object(
            module.scheduler.instances, "scheduled", side_effect=refused("InternalError", "DescribeInstances")
        ),
        pytest.raises(ClientError, match="InternalError"),
    ):
        run(module, context)


def test_a_notice_sns_does_not_take_is_an_error_after_the_work_and_a_failure_is_told_again(
    ec2: Any, module: ModuleType, context: Context, wall: Any, notices: Notices
) -> None:
    one = make(ec2)
    make(ec2, "odd")
    with (
        patch.object(module.scheduler.publisher, "publish", return_value=False),
        pytest.raises(NoticeNotSent, match=r"instances.stopped, instances.failed"),
    ):
        run(module, context)
    assert state(ec2, one) == "stopped"
    run(module, context)
    assert [notice["kind"] for notice in notices("platform")] == ["instances.failed"]
