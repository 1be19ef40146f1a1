"""Call log, faults and mailbox of a running local cloud."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from kosha_localcloud.client import RefusedError

from .conftest import RECOVERY, Cloud, wait_for


def put_parameter(cloud: Cloud, region: str = "ap-south-1") -> Any:
    return cloud.client("ssm", region).put_parameter(Name="/test", Value="x", Type="String", Overwrite=True)


def test_status_names_the_instance(cloud: Cloud) -> None:
    status = cloud.control.get("status")
    assert status["port"] == cloud.port
    assert status["directory"] == str(cloud.directory)
    assert len(status["instance_id"]) == 16
    assert {"s3", "lambda", "efs", "datasync"} <= set(status["services"])


def test_calls_are_logged_with_who_made_them(cloud: Cloud, role: str) -> None:
    cloud.control.delete("calls")
    credentials = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="someone")["Credentials"]
    import boto3

    boto3.client(
        "ssm",
        region_name=RECOVERY,
        endpoint_url=cloud.endpoint,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    ).put_parameter(Name="/logged", Value="x", Type="String")
    with pytest.raises(ClientError):
        cloud.client("ssm").get_parameter(Name="/missing")
    (call,) = cloud.control.get("calls?service=ssm&operation=PutParameter")
    assert (call["region"], call["status"], call["error"], call["internal"]) == (RECOVERY, 200, None, False)
    assert call["principal"].endswith(f"{role.rpartition('/')[2]}/someone")
    (failed,) = cloud.control.get("calls?service=ssm&operation=getparameter")
    assert (failed["status"], failed["error"]) == (400, "ParameterNotFound")
    counted = [each for each in cloud.control.get("calls/counts") if each["principal"] == call["principal"]]
    assert [(each["operation"], each["count"]) for each in counted] == [("PutParameter", 1)]


def test_unknown_filter_of_the_call_log_is_refused(cloud: Cloud) -> None:
    with pytest.raises(RefusedError, match="unknown filter 'colour'"):
        cloud.control.get("calls?colour=red")


def test_fault_happens_as_often_as_asked_and_where_asked(cloud: Cloud) -> None:
    cloud.control.post(
        "faults", {"service": "ssm", "operation": "Put*", "region": RECOVERY, "kind": "throttle", "times": 2}
    )
    put_parameter(cloud)
    for _ in range(2):
        with pytest.raises(ClientError, match="ThrottlingException"):
            put_parameter(cloud, RECOVERY)
    put_parameter(cloud, RECOVERY)


def test_fault_has_the_code_and_status_asked_for(cloud: Cloud) -> None:
    cloud.control.post("faults", {"service": "s3", "kind": "error", "code": "SlowDown", "status": 503})
    with pytest.raises(ClientError) as caught:
        cloud.client("s3").list_buckets()
    assert caught.value.response["Error"]["Code"] == "SlowDown"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_dropped_call_gets_no_answer(cloud: Cloud) -> None:
    cloud.control.post("faults", {"service": "ssm", "kind": "drop", "times": 1})
    with pytest.raises(ConnectionClosedError):
        put_parameter(cloud)
    put_parameter(cloud)


def test_delayed_call_takes_longer_and_succeeds(cloud: Cloud) -> None:
    put_parameter(cloud)
    cloud.control.post("faults", {"service": "ssm", "kind": "delay", "seconds": 0.7})
    started = time.monotonic()
    put_parameter(cloud)
    assert time.monotonic() - started >= 0.7


def test_a_fault_of_a_region_meets_every_service_of_it_until_it_is_removed(cloud: Cloud) -> None:
    (fault,) = cloud.control.post("faults", {"region": "ap-south-1", "kind": "drop", "internal": True})
    with pytest.raises(ConnectionClosedError):
        cloud.client("s3").list_buckets()
    assert put_parameter(cloud, RECOVERY)["Version"] >= 1
    assert cloud.control.delete(f"faults?id={fault['id']}") == {"removed": 1}
    put_parameter(cloud)


def test_commands_add_list_and_clear_faults(cloud: Cloud) -> None:
    added = cloud.run("faults", "add", '{"service": "ssm", "kind": "error", "times": 1}')
    assert added.returncode == 0, added.stderr
    assert '"service": "ssm"' in cloud.run("faults", "list").stdout
    assert '"removed": 1' in cloud.run("faults", "clear").stdout
    refused = cloud.run("faults", "add", '{"kind": "explode"}')
    assert refused.returncode == 1
    assert "kind is 'explode'; use one of error" in refused.stderr


@pytest.mark.parametrize(
    ("call", "document", "message"),
    [
        ("backup/faults", {"pattern": "backup"}, "send"),
        ("backup/faults", {"kind": "fail", "times": "2"}, "times is '2'"),
        ("backup/faults", {"kind": "fail", "pattern": 1}, "pattern is 1"),
        ("backup/faults", {"kind": "fail", "colour": "red"}, "unknown field 'colour'"),
        ("replication/lag", {"seconds": -1}, "seconds is -1"),
        ("replication/lag", {"jitter": 1e300}, r"jitter is 1e\+300"),
        ("replication/lag", {"minutes": 1}, "send"),
        ("efs/replication/lag", {"seconds": "900"}, "send"),
        ("efs/replication/lag", {"seconds": 1e300}, "send"),
        ("clock/advance", {"seconds": 1, "settle_seconds": 1e300}, r"settle_seconds is 1e\+300"),
    ],
)
def test_a_wrong_control_call_is_told_what_to_send(
    cloud: Cloud, call: str, document: dict[str, object], message: str
) -> None:
    with pytest.raises(RefusedError, match=message):
        cloud.control.post(call, document)


def test_mail_is_kept_and_its_subscription_is_confirmed(cloud: Cloud) -> None:
    cloud.control.delete("mailbox")
    topics = cloud.client("sns")
    topic = topics.create_topic(Name="notices")["TopicArn"]
    topics.subscribe(TopicArn=topic, Protocol="email", Endpoint="lab@example.org")
    (subscription,) = topics.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    attributes = topics.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])["Attributes"]
    assert attributes["PendingConfirmation"] == "false"
    topics.publish(TopicArn=topic, Subject="Transfer done", Message="3 files")
    (mail,) = wait_for(lambda: cloud.control.get("mailbox"))
    assert mail["topic_arn"] == topic
    assert (mail["endpoint"], mail["subject"], mail["message"]) == ("lab@example.org", "Transfer done", "3 files")


def test_tags_given_to_a_new_alarm_are_remembered(cloud: Cloud) -> None:
    watch = cloud.client("cloudwatch")
    wanted = [{"Key": "Environment", "Value": "local"}]
    watch.put_metric_alarm(
        AlarmName="tagged", Namespace="Kosha", MetricName="Errors", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanThreshold", Tags=wanted,
    )  # fmt: skip
    arn = watch.describe_alarms(AlarmNames=["tagged"])["MetricAlarms"][0]["AlarmArn"]
    assert watch.list_tags_for_resource(ResourceARN=arn)["Tags"] == wanted
    watch.delete_alarms(AlarmNames=["tagged"])
    assert watch.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
