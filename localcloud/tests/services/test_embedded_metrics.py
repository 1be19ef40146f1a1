"""Metrics in log lines reach CloudWatch; what does not keep to the format is a log line and no more."""

import json
import time
from datetime import datetime
from typing import Any

import pytest
from kosha_localcloud.services.embedded_metrics import by_namespace

from ..conftest import Cloud, wait_for

MOMENT = 1_764_000_000_000


def line(**changes: Any) -> str:
    directive = {
        "Namespace": "Kosha",
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "ObjectsTagged", "Unit": "Count"}],
    }
    document = {"_aws": {"Timestamp": MOMENT, "CloudWatchMetrics": [directive]}, "service": "t", "ObjectsTagged": [3.0]}
    return json.dumps(document | changes)


def test_reads_name_value_unit_dimensions_and_time() -> None:
    (datum,) = by_namespace(["START", line(), "not json"])["Kosha"]
    assert datum["MetricName"] == "ObjectsTagged"
    assert datum["Values"] == [3.0]
    assert datum["Unit"] == "Count"
    assert datum["Dimensions"] == [{"Name": "service", "Value": "t"}]
    assert datum["Timestamp"].timestamp() * 1000 == MOMENT


def test_a_number_alone_is_a_value_and_many_are_split() -> None:
    assert by_namespace([line(ObjectsTagged=2)])["Kosha"][0]["Values"] == [2.0]
    assert [len(each["Values"]) for each in by_namespace([line(ObjectsTagged=[1] * 200)])["Kosha"]] == [150, 50]


@pytest.mark.parametrize(
    "message",
    [
        "",
        "[]",
        '{"_aws": 1}',
        '{"_aws": {"Timestamp": "soon", "CloudWatchMetrics": []}}',
        line(_aws={"Timestamp": MOMENT}),
        line(ObjectsTagged="many"),
        line(ObjectsTagged=True),
        line(ObjectsTagged=[]),
        line().replace('"service": "t", ', ""),
    ],
)
def test_anything_else_is_a_log_line_and_no_more(message: str) -> None:
    assert by_namespace([message]) == {}


def test_a_log_line_becomes_a_metric(cloud: Cloud) -> None:
    logs, cloudwatch = cloud.client("logs"), cloud.client("cloudwatch")
    group = "/test/embedded-metrics"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    now = int(time.time() * 1000)
    message = line(_aws=json.loads(line())["_aws"] | {"Timestamp": now})
    logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=[{"timestamp": now, "message": message}])

    def names() -> list[str]:
        found = cloudwatch.list_metrics(Namespace="Kosha")["Metrics"]
        return [each["MetricName"] for each in found if each["Dimensions"] == [{"Name": "service", "Value": "t"}]]

    wait_for(lambda: names() == ["ObjectsTagged"])
    logs.delete_log_group(logGroupName=group)


def test_an_alarm_on_such_a_metric_fires_when_it_is_looked_at(cloud: Cloud) -> None:
    logs, cloudwatch = cloud.client("logs"), cloud.client("cloudwatch")
    group = "/test/embedded-alarm"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    cloudwatch.put_metric_alarm(
        AlarmName="embedded-alarm",
        Namespace="Kosha",
        MetricName="ObjectsTagged",
        Dimensions=[{"Name": "service", "Value": "alarmed"}],
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )

    def state() -> str:
        (alarm,) = cloud.control.post("alarms/evaluate", {"name": "embedded-*"})
        return str(alarm["state"])

    assert state() == "OK"
    now = int(datetime.fromisoformat(cloud.control.get("clock")["now"]).timestamp() * 1000)
    message = line(service="alarmed", _aws=json.loads(line())["_aws"] | {"Timestamp": now})
    logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=[{"timestamp": now, "message": message}])
    wait_for(lambda: state() == "ALARM")
    cloudwatch.delete_alarms(AlarmNames=["embedded-alarm"])
    logs.delete_log_group(logGroupName=group)
