"""Metric math, bands, missing data and composite alarms: what alarms need beyond LocalStack."""

import json
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kosha_localcloud.services.alarm_rules import BadRule, Rule
from kosha_localcloud.services.metric_math import BadExpression, Band, Scope, calculate

from ..conftest import Cloud, wait_for
from .conftest import unique

SCOPE = Scope(
    values={"m1": {0: 10.0, 1: 20.0, 3: 0.0}, "m2": {0: 2.0, 1: 0.0, 2: 5.0}},
    periods=4,
    seconds=lambda _: 300,
    history=lambda name: [8.0, 12.0] if name == "m1" else [],
)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("m1 + m2", {0: 12.0, 1: 20.0}),
        ("100 * m1 / m2", {0: 500.0}),
        ("m1 / PERIOD(m1)", {0: 10 / 300, 1: 20 / 300, 3: 0.0}),
        ("FILL(m1, 0) + FILL(m2, 0)", {0: 12.0, 1: 20.0, 2: 5.0, 3: 0.0}),
        ("IF(m1 > 10, 1, 0)", {0: 0.0, 1: 1.0, 3: 0.0}),
        ("IF(m1 > 10, m2)", {1: 0.0}),
        ("SUM([m1, m2])", {0: 12.0, 1: 20.0, 2: 5.0, 3: 0.0}),
        ("MAX([m1, m2])", {0: 10.0, 1: 20.0, 2: 5.0, 3: 0.0}),
        ("AVG(m1)", 10.0),
        ("1 - 0.5 * 2", 0.0),
        ("ANOMALY_DETECTION_BAND(m1, 2)", Band(dict.fromkeys(range(4), 6.0), dict.fromkeys(range(4), 14.0))),
        ("ANOMALY_DETECTION_BAND(m2, 2)", Band({}, {})),
    ],
)
def test_metric_math(expression: str, value: Any) -> None:
    assert calculate(expression, SCOPE) == value


@pytest.mark.parametrize("expression", ["m1 +", "m9", "SEARCH('x')", "m1.upper()", "__import__('os')", "RATE(m1)"])
def test_what_is_not_understood_is_refused(expression: str) -> None:
    with pytest.raises(BadExpression, match="not understood"):
        calculate(expression, SCOPE)


STATES = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA"}.get


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("ALARM(a)", True),
        ('ALARM("b")', False),
        ("OK(b) AND INSUFFICIENT_DATA(c)", True),
        ("ALARM(b) OR ALARM(a)", True),
        ("ALARM(a) AND NOT ALARM(a)", False),
        ("ALARM(b) AND ALARM(a) OR TRUE", True),
        ("ALARM(b) AND (ALARM(a) OR TRUE)", False),
        ("ALARM(nobody)", False),
    ],
)
def test_rules(rule: str, holds: bool) -> None:
    assert Rule(rule).holds(STATES) is holds


@pytest.mark.parametrize("rule", ["", "a", "ALARM(a", "ALARM(a) ALARM(b)", "ALARM(a) AND", "(ALARM(a)"])
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(BadRule):
        Rule(rule)


class Scene:
    """Alarms of one test on metrics of its own, that tell a mailbox."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.cloudwatch = cloud.client("cloudwatch")
        self.name = unique("alarms")
        self.topic = cloud.client("sns").create_topic(Name=self.name)["TopicArn"]
        cloud.client("sns").subscribe(TopicArn=self.topic, Protocol="email", Endpoint=f"{self.name}@kosha.example")
        self.made: list[str] = []

    def alarm(self, name: str, **settings: Any) -> str:
        full = f"{self.name}-{name}"
        plain = {
            "Namespace": self.name,
            "MetricName": "Value",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 10,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        }
        if "Metrics" in settings:
            plain = {key: plain[key] for key in ("EvaluationPeriods", "TreatMissingData")}
        self.cloudwatch.put_metric_alarm(AlarmName=full, **(plain | settings))
        self.made.append(full)
        return full

    def composite(self, name: str, rule: str, **settings: Any) -> str:
        full = f"{self.name}-{name}"
        self.cloudwatch.put_composite_alarm(AlarmName=full, AlarmRule=rule, AlarmActions=[self.topic], **settings)
        self.made.insert(0, full)
        return full

    def put(self, value: float, metric: str = "Value", minutes_ago: float = 0, **dimensions: str) -> None:
        moment = datetime.fromisoformat(self.cloud.control.get("clock")["now"]) - timedelta(minutes=minutes_ago)
        named = [{"Name": name, "Value": each} for name, each in dimensions.items()]
        datum = {"MetricName": metric, "Value": value, "Timestamp": moment, "Dimensions": named}
        self.cloudwatch.put_metric_data(Namespace=self.name, MetricData=[datum])

    def states(self) -> dict[str, str]:
        seen = self.cloud.control.post("alarms/evaluate", {"name": f"{self.name}-*"})
        return {each["name"].removeprefix(f"{self.name}-"): each["state"] for each in seen}

    def told(self) -> list[str]:
        mails = [mail for mail in self.cloud.control.get("mailbox") if mail["topic_arn"] == self.topic]
        return [json.loads(mail["message"])["AlarmName"].removeprefix(f"{self.name}-") for mail in mails]


@pytest.fixture
def scene(cloud: Cloud) -> Any:
    scene = Scene(cloud)
    yield scene
    for name in scene.made:
        scene.cloudwatch.delete_alarms(AlarmNames=[name])
    cloud.client("sns").delete_topic(TopicArn=scene.topic)


def query(name: str, metric: str, **more: Any) -> dict[str, Any]:
    stat = {"Metric": {"Namespace": "", "MetricName": metric, "Dimensions": []}, "Period": 60, "Stat": "Sum"}
    return {"Id": name, "MetricStat": stat, "ReturnData": False} | more


def test_an_alarm_asks_for_its_dimensions_and_no_others(scene: Scene) -> None:
    scene.alarm("without")
    scene.alarm("with", Dimensions=[{"Name": "task", "Value": "one"}])
    scene.put(99, task="one", run="two")
    scene.put(99, task="one more")
    assert scene.states() == {"without": "OK", "with": "OK"}
    scene.put(99, task="one")
    assert scene.states() == {"without": "OK", "with": "ALARM"}


def test_an_alarm_on_metric_math(scene: Scene) -> None:
    bad, all_of_them = query("bad", "Bad"), query("all", "All")
    for each in (bad, all_of_them):
        each["MetricStat"]["Metric"]["Namespace"] = scene.name
    share = {"Id": "share", "Expression": "100 * bad / total", "ReturnData": True}
    scene.alarm(
        "share",
        Metrics=[share, bad, all_of_them | {"Id": "total"}],
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
    )
    scene.put(1, "Bad")
    scene.put(100, "All")
    assert scene.states() == {"share": "OK"}
    scene.put(9, "Bad")
    assert scene.states() == {"share": "ALARM"}


def test_an_alarm_on_a_band(scene: Scene) -> None:
    observed = query("observed", "Value", ReturnData=True)
    observed["MetricStat"]["Metric"]["Namespace"] = scene.name
    scene.alarm(
        "band",
        Metrics=[{"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(observed, 2)"}, observed],
        ThresholdMetricId="band",
        ComparisonOperator="GreaterThanUpperThreshold",
    )
    for number in range(10):
        scene.put(100 + number % 2, minutes_ago=60 + 2 * number)
    scene.put(101)
    assert scene.states() == {"band": "OK"}
    scene.put(400)
    assert scene.states() == {"band": "ALARM"}


@pytest.mark.parametrize(
    ("missing", "state"), [("breaching", "ALARM"), ("notBreaching", "OK"), ("missing", "INSUFFICIENT_DATA")]
)
def test_missing_data(scene: Scene, missing: str, state: str) -> None:
    scene.alarm("missing", TreatMissingData=missing)
    assert scene.states() == {"missing": state}


def test_ignored_missing_data_keep_the_state(scene: Scene) -> None:
    name = scene.alarm("kept", TreatMissingData="ignore")
    scene.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    assert scene.states() == {"kept": "ALARM"}


def test_a_composite_alarm_follows_its_rule_and_tells(scene: Scene) -> None:
    one, two = scene.alarm("one"), scene.alarm("two", MetricName="Other")
    scene.composite("both", f'ALARM("{one}") AND ALARM("{two}")')
    scene.put(99)
    assert scene.states()["both"] == "OK"
    assert scene.told() == []
    scene.put(99, "Other")
    assert scene.states()["both"] == "ALARM"
    assert wait_for(scene.told) == ["both"]


def test_a_suppressed_composite_alarm_tells_when_what_suppresses_it_ends(scene: Scene) -> None:
    cause, effect = scene.alarm("cause"), scene.alarm("effect", MetricName="Other")
    periods = {"ActionsSuppressorWaitPeriod": 60, "ActionsSuppressorExtensionPeriod": 60}
    scene.composite("told", f'ALARM("{effect}")', ActionsSuppressor=cause, **periods)
    scene.put(99, "Other")
    scene.put(99)
    assert scene.states() == {"cause": "ALARM", "effect": "ALARM", "told": "ALARM"}
    (alarm,) = scene.cloudwatch.describe_alarms(AlarmNames=[f"{scene.name}-told"], AlarmTypes=["CompositeAlarm"])[
        "CompositeAlarms"
    ]
    assert alarm["ActionsSuppressedBy"] == "Alarm"
    assert scene.told() == []
    scene.cloudwatch.set_alarm_state(AlarmName=cause, StateValue="OK", StateReason="test")
    assert wait_for(scene.told) == ["told"]


def test_a_rule_that_is_none_is_refused(scene: Scene) -> None:
    with pytest.raises(ClientError, match="not understood"):
        scene.composite("wrong", "WHENEVER(a)")


def test_alarms_that_rest_are_not_looked_at_by_time(cloud: Cloud, scene: Scene) -> None:
    name = scene.alarm("quick", Period=10)

    def state() -> str:
        scene.put(99)
        return str(scene.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"])

    cloud.control.post("alarms/rest", {})
    try:
        for _ in range(12):  # seconds: two rounds of looks
            assert state() != "ALARM"
            time.sleep(1)
    finally:
        cloud.control.delete("alarms/rest")
    wait_for(lambda: state() == "ALARM")


def test_alarms_are_looked_at_by_time_and_however_far_the_clock_moves_each_once_a_round(
    cloud: Cloud, scene: Scene
) -> None:
    name = scene.alarm("daily")

    def looks() -> int:
        """Each look at what breaches and is set right at once leaves an entry in the history."""
        history = scene.cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")
        return sum("to ALARM" in each["HistorySummary"] for each in history["AlarmHistoryItems"])

    cloud.control.post("clock/advance", {"seconds": 86_400})
    for _ in range(7):
        scene.put(99)
        scene.cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="test")
        time.sleep(1)
    assert 1 <= looks() <= 2


def test_metric_data_with_math_and_without(scene: Scene) -> None:
    scene.put(4, minutes_ago=1.5)
    scene.put(6, minutes_ago=1.5)
    now = datetime.fromisoformat(scene.cloud.control.get("clock")["now"])
    plain = query("m", "Value", ReturnData=True)
    plain["MetricStat"]["Metric"]["Namespace"] = scene.name
    answer = scene.cloudwatch.get_metric_data(
        MetricDataQueries=[plain, {"Id": "double", "Expression": "m * 2", "Label": "twice"}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now,
    )["MetricDataResults"]
    assert [(each["Id"], each["Label"], each["Values"]) for each in answer] == [
        ("m", "Value", [10.0]),
        ("double", "twice", [20.0]),
    ]


def test_a_metric_filter_counts_its_own_group_by_its_pattern(cloud: Cloud, scene: Scene) -> None:
    logs = cloud.client("logs")
    now = int(datetime.fromisoformat(cloud.control.get("clock")["now"]).timestamp() * 1000)
    message = json.dumps({"log_processed": {"event": "ended", "seconds": 12}})
    for group in ("watched", "other"):
        logs.create_log_group(logGroupName=f"/{scene.name}/{group}")
        logs.create_log_stream(logGroupName=f"/{scene.name}/{group}", logStreamName="one")
    transformation = {"metricNamespace": scene.name, "metricName": "Seconds", "metricValue": "$.log_processed.seconds"}
    logs.put_metric_filter(
        logGroupName=f"/{scene.name}/watched",
        filterName="ended",
        filterPattern='{ $.log_processed.event = "ended" }',
        metricTransformations=[transformation],
    )
    for group in ("watched", "other"):
        events = [{"timestamp": now, "message": message}, {"timestamp": now, "message": "something else"}]
        logs.put_log_events(logGroupName=f"/{scene.name}/{group}", logStreamName="one", logEvents=events)
    scene.alarm("seconds", MetricName="Seconds", Threshold=11)
    scene.alarm("more", MetricName="Seconds", Threshold=12)
    assert scene.states() == {"seconds": "ALARM", "more": "OK"}
    for group in ("watched", "other"):
        logs.delete_log_group(logGroupName=f"/{scene.name}/{group}")
