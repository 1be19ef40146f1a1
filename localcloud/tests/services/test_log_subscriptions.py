"""Log events that match reach functions through subscription filters, and no others."""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kosha_localcloud.services.log_patterns import BadPattern, compile_pattern
from kosha_localcloud.services.log_subscriptions import PAYLOAD, payloads

from ..conftest import Cloud, messages, wait_for
from .conftest import unique

# Sends what it gets on to a queue.
FORWARD = """
import base64, gzip, json, os, boto3
def handle(event, context):
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(data))
"""


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("", "anything"),
        ("ERROR", "an ERROR line"),
        ("ERROR disk", "disk: ERROR"),
        ('"timed out"', "Task timed out after 3 s"),
        ('?"timed out" ?ERROR', "an ERROR"),
        ("ERROR -ignored", "an ERROR"),
        ('"\\"level\\":\\"ERROR\\""', '{"level":"ERROR"}'),
        ('?"[ERROR]"', "[ERROR] x"),
        ("%[0-9]{3}%", "code 503"),
        ('{ $.verb = "delete" }', '{"verb": "delete"}'),
        ("{ $.verb = delete }", '{"verb": "delete"}'),
        ('{ $.verb = "del*" }', '{"verb": "delete"}'),
        ('{ $.a.b = "*" }', '{"a": {"b": "x"}}'),
        ("{ $.code = 403 }", '{"code": 403}'),
        ("{ $.code >= 500 && $.code < 600 }", '{"code": 503}'),
        ('{ ($.a = "1" || $.b = "2") && $.c IS TRUE }', '{"b": "2", "c": true}'),
        ('{ $.a = "1" || $.b = "2" && $.c = "3" }', '{"a": "1"}'),
        ("{ $.a NOT EXISTS }", "{}"),
        ("{ $.a IS NULL }", '{"a": null}'),
        ('{ $.a[1].b != "x" }', '{"a": [1, {"b": "y"}]}'),
        ("{ $.a = %^sys% }", '{"a": "system"}'),
    ],
)
def test_matches(pattern: str, message: str) -> None:
    assert compile_pattern(pattern)(message)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("ERROR", "an error line"),
        ("ERROR disk", "ERROR"),
        ('?"timed out" ?ERROR', "fine"),
        ("ERROR -ignored", "an ERROR, ignored"),
        ("ERROR ?disk", "disk"),
        ('{ $.verb = "delete" }', "delete"),
        ('{ $.verb = "delete" }', '["delete"]'),
        ('{ $.verb = "delete" }', '{"verb": "deletecollection"}'),
        ('{ $.verb != "delete" }', "{}"),
        ("{ $.code = 403 }", '{"code": "403"}'),
        ("{ $.code = 1 }", '{"code": true}'),
        ('{ ($.a = "1" || $.b = "2") && $.c = "3" }', '{"a": "1"}'),
        ('{ $.a[7].b = "x" }', '{"a": []}'),
    ],
)
def test_does_not_match(pattern: str, message: str) -> None:
    assert not compile_pattern(pattern)(message)


@pytest.mark.parametrize(
    "pattern",
    [
        "[ip, user]", '{ $.a = "b"', "{ $.a }", "{ $.a > x }", "{ $.a && $.b }", '{ ($.a = "b" }', '{ $.a = "b" $.c }',
        "{ $.a IS MAYBE }", '"open', "x" * 1025, "%[%", "{ }",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compile_pattern(pattern)


def test_many_events_are_split_into_payloads_that_lambda_takes() -> None:
    noise = [{"id": str(n), "message": base64.b85encode(bytes((n * k) % 251 for k in range(900))).decode() + str(n)}
             for n in range(900)]  # fmt: skip
    made = list(payloads({"logGroup": "g"}, noise))
    assert len(made) > 1
    assert max(map(len, made)) <= PAYLOAD
    unpacked = [json.loads(gzip.decompress(base64.b64decode(json.loads(each)["awslogs"]["data"]))) for each in made]
    assert [event for each in unpacked for event in each["logEvents"]] == noise


@pytest.fixture
def forward(
    cloud: Cloud, make_function: Callable[..., str], make_queue: Callable[[], tuple[str, str]]
) -> tuple[str, Callable[[], list[dict[str, Any]]]]:
    """A function, and what it was called with."""
    url, _ = make_queue()
    arn = make_function(FORWARD, Environment={"Variables": {"QUEUE": url}})
    return arn, lambda: [json.loads(each["Body"]) for each in messages(cloud, url)]


@pytest.fixture
def group(cloud: Cloud) -> Any:
    logs, name = cloud.client("logs"), unique("/test/subscriptions")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="one")
    yield name
    logs.delete_log_group(logGroupName=name)


def write(cloud: Cloud, group: str, *lines: str) -> None:
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": each} for each in lines]
    cloud.client("logs").put_log_events(logGroupName=group, logStreamName="one", logEvents=events)


def test_each_filter_brings_what_it_matches(
    cloud: Cloud, group: str, forward: tuple[str, Callable[[], list[dict[str, Any]]]]
) -> None:
    arn, received = forward
    logs = cloud.client("logs")
    for name, pattern in {"text": "?ERROR ?FATAL", "json": '{ $.verb = "delete" }'}.items():
        logs.put_subscription_filter(logGroupName=group, filterName=name, filterPattern=pattern, destinationArn=arn)
    write(cloud, group, "fine", "an ERROR", '{"verb": "delete"}', '{"verb": "get"}', "a FATAL error")
    found: dict[str, list[str]] = {}

    def both() -> bool:
        for data in received():
            assert (data["messageType"], data["logGroup"], data["logStream"]) == ("DATA_MESSAGE", group, "one")
            (name,) = data["subscriptionFilters"]
            found[name] = [each["message"] for each in data["logEvents"]]
        return len(found) == 2

    wait_for(both)
    assert found == {"text": ["an ERROR", "a FATAL error"], "json": ['{"verb": "delete"}']}
    stored = logs.get_log_events(logGroupName=group, logStreamName="one", startFromHead=True)["events"]
    assert len(stored) == 5


def test_a_third_filter_and_one_that_is_not_understood_are_refused(
    cloud: Cloud, group: str, forward: tuple[str, Callable[[], list[dict[str, Any]]]]
) -> None:
    arn, _ = forward
    logs = cloud.client("logs")
    with pytest.raises(ClientError, match="none for columns"):
        logs.put_subscription_filter(logGroupName=group, filterName="a", filterPattern="[a]", destinationArn=arn)
    for name in ("one", "two"):
        logs.put_subscription_filter(logGroupName=group, filterName=name, filterPattern="", destinationArn=arn)
    with pytest.raises(ClientError, match="LimitExceeded"):
        logs.put_subscription_filter(logGroupName=group, filterName="three", filterPattern="", destinationArn=arn)


def test_what_a_function_logs_reaches_another(
    cloud: Cloud, make_function: Callable[..., str], forward: tuple[str, Callable[[], list[dict[str, Any]]]]
) -> None:
    arn, received = forward
    source = make_function('def handle(event, context):\n    print(\'{"level":"ERROR"}\')\n')
    group, logs = f"/aws/lambda/{source.rpartition(':')[2]}", cloud.client("logs")
    logs.create_log_group(logGroupName=group)
    logs.put_subscription_filter(
        logGroupName=group, filterName="errors", filterPattern='?"ERROR" ?"CRITICAL"', destinationArn=arn
    )
    cloud.client("lambda").invoke(FunctionName=source)
    data = wait_for(received)
    assert [event["message"].strip() for each in data for event in each["logEvents"]] == ['{"level":"ERROR"}']
    logs.delete_log_group(logGroupName=group)
