"""The clock of a running local cloud: what falls due fires, once, at its time."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kosha_localcloud.client import RefusedError

from .conftest import RECOVERY, Cloud, make_role, messages, wait_for

OFF = {"Mode": "OFF"}


@pytest.fixture
def make_schedule(cloud: Cloud, role: str) -> Iterator[Callable[..., str]]:
    """Make a Scheduler schedule; gives its name."""
    scheduler = cloud.client("scheduler")
    made: list[str] = []

    def make(expression: str, target_arn: str, settings: dict[str, Any] | None = None, **target: Any) -> str:
        name = f"schedule-{uuid.uuid4().hex[:8]}"
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression=expression,
            FlexibleTimeWindow=OFF,
            Target={"Arn": target_arn, "RoleArn": role, **target},
            **(settings or {}),
        )
        made.append(name)
        return name

    yield make
    left = {schedule["Name"] for schedule in scheduler.list_schedules()["Schedules"]}
    for name in left & set(made):
        scheduler.delete_schedule(Name=name)


@pytest.fixture
def make_rule(cloud: Cloud) -> Iterator[Callable[..., str]]:
    """Make a schedule rule of EventBridge with one target; gives its name."""
    made: list[tuple[str, str]] = []

    def make(expression: str, target_arn: str, **target: Any) -> str:
        region = target_arn.split(":")[3]
        events = cloud.client("events", region)
        name = f"rule-{uuid.uuid4().hex[:8]}"
        events.put_rule(Name=name, ScheduleExpression=expression)
        made.append((region, name))
        events.put_targets(Rule=name, Targets=[{"Id": "target", "Arn": target_arn, **target}])
        return name

    yield make
    for region, name in made:
        cloud.client("events", region).remove_targets(Rule=name, Ids=["target"])
        cloud.client("events", region).delete_rule(Name=name)


# How late things may be on a machine that has other work; far below the minutes that schedules are apart.
BUSY = timedelta(seconds=60)


def now(cloud: Cloud) -> datetime:
    return datetime.fromisoformat(cloud.control.get("clock")["now"])


def at_next_hour(cloud: Cloud) -> datetime:
    """Put the clock to a full hour, so that cron times are easy to count; that hour."""
    hour = now(cloud).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    cloud.control.post("clock/advance", {"to": hour.isoformat()})
    return hour


def advance_to(cloud: Cloud, moment: datetime) -> None:
    """Go to a moment rather than by a span: the time that the test itself takes on a busy machine does not add up."""
    cloud.control.post("clock/advance", {"to": moment.isoformat()})


def test_clock_moves_the_server_and_the_functions(cloud: Cloud, make_function: Callable[..., str]) -> None:
    arn = make_function("""
        import datetime, time
        def handle(event, context):
            assert abs(time.time() - datetime.datetime.now().timestamp()) < 1
            return datetime.datetime.now(datetime.UTC).isoformat()
    """)

    def seen_by_function() -> datetime:
        answer = cloud.client("lambda").invoke(FunctionName=arn)
        return datetime.fromisoformat(json.loads(answer["Payload"].read()))

    assert abs(seen_by_function() - now(cloud)) < BUSY
    before = now(cloud)
    cloud.advance(86_400)  # the process is warm by now
    assert abs(seen_by_function() - before - timedelta(days=1)) < BUSY
    cloud.client("s3").create_bucket(Bucket="clock", CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    written = cloud.client("s3").put_object(Bucket="clock", Key="x", Body=b"")["ResponseMetadata"]["HTTPStatusCode"]
    stored = cloud.client("s3").head_object(Bucket="clock", Key="x")["LastModified"]
    assert written == 200
    assert abs(stored - now(cloud)) < BUSY


def test_metrics_of_queues_are_sent_soon_after_an_advance_and_not_for_each_minute_of_it(
    cloud: Cloud, make_queue: Callable[[], tuple[str, str]]
) -> None:
    url, arn = make_queue()
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="waits")
    cloud.advance(3 * 86_400)
    arrived = now(cloud)

    def sent(begin: datetime, statistic: str, period: int = 60) -> list[float]:
        found = cloud.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Dimensions=[{"Name": "QueueName", "Value": arn.rpartition(":")[2]}],
            StartTime=begin,
            EndTime=now(cloud) + timedelta(minutes=1),
            Period=period,
            Statistics=[statistic],
        )
        return [each[statistic] for each in found["Datapoints"]]

    assert wait_for(lambda: sent(arrived - timedelta(seconds=59), "Maximum"), 30) == [1.0]
    cloud.advance(60)
    time.sleep(3)
    assert sum(sent(arrived - timedelta(days=4), "SampleCount", 86_400)) < 10


def test_rule_fires_once_for_every_due_time(
    cloud: Cloud, make_queue: Callable[[], tuple[str, str]], make_rule: Callable[..., str]
) -> None:
    url, queue = make_queue()
    hour = at_next_hour(cloud)
    name = make_rule("cron(0/10 * * * ? *)", queue)
    events = cloud.client("events")
    events.put_targets(Rule=name, Targets=[{"Id": "target", "Arn": queue}])  # LocalStack would fire twice now
    advance_to(cloud, hour + timedelta(minutes=59))
    sent = [json.loads(message["Body"]) for message in messages(cloud, url)]
    assert sorted(event["time"][14:19] for event in sent) == ["10:00", "20:00", "30:00", "40:00", "50:00"]
    assert {(event["source"], event["detail-type"]) for event in sent} == {("aws.events", "Scheduled Event")}
    events.disable_rule(Name=name)
    cloud.advance(3600)
    assert messages(cloud, url) == []


def test_rate_rule_counts_from_when_it_was_made_and_works_in_the_other_region(
    cloud: Cloud, make_rule: Callable[..., str]
) -> None:
    queues = cloud.client("sqs", RECOVERY)
    url = queues.create_queue(QueueName="rates")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    make_rule("rate(7 minutes)", arn, Input='{"hello": "there"}')
    cloud.advance(7 * 60 * 3)
    assert [json.loads(message["Body"]) for message in messages(cloud, url, RECOVERY)] == [{"hello": "there"}] * 3


def test_clock_waits_for_the_function_before_it_moves_on(
    cloud: Cloud,
    make_function: Callable[..., str],
    make_queue: Callable[[], tuple[str, str]],
    make_schedule: Callable[..., str],
) -> None:
    url, _ = make_queue()
    arn = make_function(
        """
        import datetime, json, time, boto3
        def handle(event, context):
            started = datetime.datetime.now(datetime.UTC).isoformat()
            time.sleep(0.3)
            boto3.client("sqs").send_message(QueueUrl=event["url"], MessageBody=json.dumps([event["due"], started]))
    """,
        Timeout=20,
    )
    hour = at_next_hour(cloud)
    payload = json.dumps({"url": url, "due": "<aws.scheduler.scheduled-time>"})
    make_schedule("cron(0/20 * * * ? *)", arn, Input=payload)
    advance_to(cloud, hour + timedelta(minutes=59))
    received = sorted(json.loads(message["Body"]) for message in messages(cloud, url))
    assert [due[14:19] for due, _ in received] == ["20:00", "40:00"]
    for due, started in received:
        assert datetime.fromisoformat(started) - datetime.fromisoformat(due) < BUSY


def test_real_time_fires_schedules_too(
    cloud: Cloud, make_queue: Callable[[], tuple[str, str]], make_schedule: Callable[..., str]
) -> None:
    url, queue = make_queue()
    due = now(cloud) + timedelta(seconds=6)  # a schedule made after its time never fires
    make_schedule(f"at({due:%Y-%m-%dT%H:%M:%S})", queue, Input="ding")
    received = wait_for(lambda: messages(cloud, url), seconds=60)
    assert [message["Body"] for message in received] == ["ding"]


def test_rate_schedule_fires_at_once_and_ends_at_its_end(
    cloud: Cloud, make_queue: Callable[[], tuple[str, str]], make_schedule: Callable[..., str]
) -> None:
    url, queue = make_queue()
    end = now(cloud) + timedelta(minutes=61)
    make_schedule("rate(30 minutes)", queue, {"EndDate": end}, Input="x")
    assert len(wait_for(lambda: messages(cloud, url), seconds=60)) == 1
    cloud.advance(3 * 3600)
    assert len(messages(cloud, url)) == 2


def test_schedule_is_read_in_its_time_zone_and_only_when_enabled(
    cloud: Cloud, make_queue: Callable[[], tuple[str, str]], make_schedule: Callable[..., str]
) -> None:
    url, queue = make_queue()
    make_schedule(
        "cron(30 6 * * ? *)",
        queue,
        {"ScheduleExpressionTimezone": "Asia/Kolkata"},
        Input="<aws.scheduler.scheduled-time>",
    )
    make_schedule("cron(0 * * * ? *)", queue, {"State": "DISABLED"}, Input="never")
    cloud.advance(2 * 86_400)
    assert {message["Body"][11:] for message in messages(cloud, url)} == {"01:00:00Z"}


def test_one_time_schedule_is_deleted_when_it_asks_for_it(
    cloud: Cloud, make_queue: Callable[[], tuple[str, str]], make_schedule: Callable[..., str]
) -> None:
    url, queue = make_queue()
    due = now(cloud) + timedelta(minutes=5)
    name = make_schedule(f"at({due:%Y-%m-%dT%H:%M:%S})", queue, {"ActionAfterCompletion": "DELETE"}, Input="once")
    cloud.advance(3600)
    assert len(messages(cloud, url)) == 1
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.client("scheduler").get_schedule(Name=name)


def test_delivery_without_input_is_the_event_of_scheduler(
    cloud: Cloud, make_queue: Callable[[], tuple[str, str]], make_schedule: Callable[..., str]
) -> None:
    url, queue = make_queue()
    due = now(cloud) + timedelta(minutes=5)
    name = make_schedule(f"at({due:%Y-%m-%dT%H:%M:%S})", queue)
    cloud.advance(600)
    event = json.loads(messages(cloud, url)[0]["Body"])
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.scheduler", "Scheduled Event", "{}")
    assert event["resources"][0].endswith(f"schedule/default/{name}")


def test_delivery_that_fails_is_tried_again_and_then_buried(
    cloud: Cloud, make_queue: Callable[[], tuple[str, str]], make_schedule: Callable[..., str]
) -> None:
    dead_url, dead_arn = make_queue()
    _, queue = make_queue()
    fault = {"service": "sqs", "operation": "SendMessage", "kind": "error", "status": 503, "code": "ServiceUnavailable",
             "times": 3, "internal": True}  # fmt: skip
    cloud.control.post("faults", [fault])
    due = now(cloud) + timedelta(minutes=5)
    settings = {"RetryPolicy": {"MaximumRetryAttempts": 2}, "DeadLetterConfig": {"Arn": dead_arn}}
    make_schedule(f"at({due:%Y-%m-%dT%H:%M:%S})", queue, Input="attempt <aws.scheduler.attempt-number>", **settings)
    cloud.advance(600)
    assert cloud.control.get("faults")[0]["met"] == 3
    (dead,) = messages(cloud, dead_url)
    attributes = {name: value["StringValue"] for name, value in dead["MessageAttributes"].items()}
    assert dead["Body"] == "attempt 3"
    assert attributes["ERROR_CODE"] == "ServiceUnavailable"
    assert attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert attributes["RETRY_ATTEMPTS"] == "2"


def test_delivery_to_a_missing_target_is_buried_without_trying_again(
    cloud: Cloud, make_queue: Callable[[], tuple[str, str]], make_schedule: Callable[..., str]
) -> None:
    dead_url, dead_arn = make_queue()
    due = now(cloud) + timedelta(minutes=5)
    make_schedule(
        f"at({due:%Y-%m-%dT%H:%M:%S})",
        "arn:aws:lambda:ap-south-1:000000000000:function:missing",
        DeadLetterConfig={"Arn": dead_arn},
        Input="{}",
    )
    cloud.advance(600)
    (dead,) = messages(cloud, dead_url)
    assert dead["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "ResourceNotFoundException"


def test_a_schedule_does_what_its_role_may_and_nothing_else(
    cloud: Cloud, make_queue: Callable[[], tuple[str, str]], make_schedule: Callable[..., str]
) -> None:
    (url, queue), (dead_url, dead_arn) = make_queue(), make_queue()
    scheduler = "scheduler.amazonaws.com"
    roles = {
        "may": make_role(cloud, "sqs:SendMessage", scheduler, queue),
        "may only bury": make_role(cloud, "sqs:SendMessage", scheduler, dead_arn),
        "is not trusted": make_role(cloud, "*", "lambda.amazonaws.com"),
    }
    due = now(cloud) + timedelta(minutes=5)
    for name, role in roles.items():
        dead = {"DeadLetterConfig": {"Arn": dead_arn}}
        make_schedule(f"at({due:%Y-%m-%dT%H:%M:%S})", queue, RoleArn=role, Input=name, **dead)
    cloud.advance(600)
    assert [message["Body"] for message in messages(cloud, url)] == ["may"]
    (buried,) = messages(cloud, dead_url)
    assert buried["Body"] == "may only bury"
    assert buried["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "AccessDenied"


def test_schedule_that_cannot_be_read_is_refused(cloud: Cloud, role: str) -> None:
    with pytest.raises(ClientError, match="outside 0 to 59"):
        cloud.client("scheduler").create_schedule(
            Name="wrong",
            ScheduleExpression="cron(99 * * * ? *)",
            FlexibleTimeWindow=OFF,
            Target={"Arn": "arn:aws:sqs:ap-south-1:000000000000:q", "RoleArn": role},
        )


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({}, "send"),
        ({"seconds": 1, "to": "2030-01-01"}, "send"),
        ({"seconds": "soon"}, "wrong time"),
        ({"seconds": -1}, "only goes forward"),
        ({"to": "yesterday"}, "wrong time"),
        ({"to": "2020-01-01T00:00:00Z"}, "only goes forward"),
        ([], "send"),
    ],
)
def test_wrong_time_is_refused(cloud: Cloud, wanted: object, complaint: str) -> None:
    with pytest.raises(RefusedError, match=complaint):
        cloud.control.post("clock/advance", wanted)


def test_command_shows_and_advances_the_clock(cloud: Cloud) -> None:
    before = json.loads(cloud.run("clock", "show").stdout)
    after = json.loads(cloud.run("clock", "advance", "30m").stdout)["clock"]
    assert datetime.fromisoformat(after["now"]) - datetime.fromisoformat(before["now"]) >= timedelta(minutes=30)
    assert after["offset_seconds"] > before["offset_seconds"] + 1700
    target = datetime.fromisoformat(after["now"]) + timedelta(hours=1)
    moved = json.loads(cloud.run("clock", "to", target.isoformat()).stdout)["clock"]
    assert datetime.fromisoformat(moved["now"]).astimezone(UTC) >= target
