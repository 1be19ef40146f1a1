"""Each alarm as it is applied is shown quiet, and fired from metric data to a message that names its runbook; what is
to be quiet is; and an alarm that may not act is found."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.demo.dashboards import dashboards, write_dashboards
from scripts.paths import CATALOG, REPOSITORY
from tests.local.conftest import Platform, send, wait_until_told
from tests.patience import wait_for

type Alarm = Mapping[str, Any]

ALARMS = yaml.safe_load((CATALOG / "alarms.yaml").read_text(encoding="utf-8"))
SLOS = yaml.safe_load((CATALOG / "slos.yaml").read_text(encoding="utf-8"))["slos"]
BURNS = [(slo, speed) for slo, each in SLOS.items() for speed in each["burn"] if not each.get("in_recovery")]
RECOVERY_BURNS = [(slo, speed) for slo, each in SLOS.items() for speed in each["burn"] if each.get("in_recovery")]
QUIETENED = [name for name, each in ALARMS["alarms"].items() if "quiet_while" in each]
WHOLES = ("calls", "permitted", "total")
"""What shares are shares of, in metric math."""
RUNBOOK = re.compile(r"Runbook: (docs/runbooks/[a-z-]+\.md)$")


class Watch:
    """The alarms of the platform in a region, and metrics to feed them with."""

    def __init__(self, platform: Platform, recovery: bool = False) -> None:
        self.platform = platform
        self.region = platform.environment.recovery_region if recovery else platform.environment.region
        self.cloudwatch = platform.client("cloudwatch", recovery)
        self.prefix = f"{platform.environment.prefix}-"

    def metric_alarms(self) -> dict[str, Alarm]:
        return self._described("MetricAlarms")

    def composite_alarms(self) -> dict[str, Alarm]:
        return self._described("CompositeAlarms")

    def _described(self, kind: str) -> dict[str, Alarm]:
        found = self.cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])[kind]
        return {each["AlarmName"].removeprefix(self.prefix): each for each in found}

    def look(self, name: str) -> dict[str, str]:
        """Have alarms looked at, and give the states of those of the region."""
        seen = self.platform.cloud.control("POST", "alarms/evaluate", {"name": f"{self.prefix}{name}"})
        here = [each for each in seen if each["region"] == self.region]
        return {each["name"].removeprefix(self.prefix): each["state"] for each in here}

    def mails(self, name: str) -> list[str]:
        subject = f'ALARM: "{self.prefix}{name}"'
        mails = self.platform.cloud.control("GET", "mailbox")
        return [mail["message"] for mail in mails if (mail["subject"] or "").startswith(subject)]

    def calm(self, names: Iterable[str]) -> None:
        """Put alarms back to OK once they have been shown, and forget what they told."""
        for name in names:
            self.cloudwatch.set_alarm_state(AlarmName=f"{self.prefix}{name}", StateValue="OK", StateReason="shown")
        self.platform.cloud.control("DELETE", "mailbox")

    def feed(self, alarm: Alarm, wrong: bool) -> None:
        """Values for every period the alarm looks at: on the right side of its limit, and then on the wrong one."""
        for query in _queries(alarm):
            if "MetricStat" not in query:
                continue
            stat = query["MetricStat"]
            if query["Id"] in WHOLES:
                self._put(stat, alarm, 1.0)
            elif not wrong and stat["Stat"] == "Minimum" and "Greater" in alarm["ComparisonOperator"]:
                continue  # no later value raises a minimum; nothing measured is as quiet
            elif "ThresholdMetricId" in alarm and not wrong:
                self._put(stat, alarm, 101.0)
                self._usual(alarm, stat)
            else:
                self._put(stat, alarm, _value(alarm, stat, wrong))

    def _put(self, stat: Mapping[str, Any], alarm: Alarm, value: float) -> None:
        periods = alarm["EvaluationPeriods"]
        self._send(stat, [(number + 0.5, value) for number in range(periods + max(periods // 3, 2))])

    def _usual(self, alarm: Alarm, stat: Mapping[str, Any]) -> None:
        before = alarm["EvaluationPeriods"] + max(alarm["EvaluationPeriods"] // 3, 2) + 1
        self._send(stat, [(before + number + 0.5, 100.0 + 2 * (number % 2)) for number in range(8)])

    def _send(self, stat: Mapping[str, Any], points: Iterable[tuple[float, float]]) -> None:
        now, metric = self.platform.now(), stat["Metric"]
        data = [
            {
                "MetricName": metric["MetricName"],
                "Dimensions": metric.get("Dimensions", []),
                "Timestamp": now - timedelta(seconds=back * stat["Period"]),
                "Value": value,
            }
            for back, value in points
        ]
        self.cloudwatch.put_metric_data(Namespace=metric["Namespace"], MetricData=data)


def _queries(alarm: Alarm) -> list[Mapping[str, Any]]:
    if "Metrics" in alarm:
        return list(alarm["Metrics"])
    metric = {key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions")}
    return [{"Id": "value", "MetricStat": {"Metric": metric, "Period": alarm["Period"], "Stat": alarm["Statistic"]}}]


def _value(alarm: Alarm, stat: Mapping[str, Any], wrong: bool) -> float:
    """A value which, added to those of the right side, brings the statistic to the wrong one."""
    up = "Greater" in alarm["ComparisonOperator"]
    far = 1000.0 * float(stat["Period"]) * (1 if up else -1)
    if wrong:
        return far
    limit = float(alarm["Threshold"])
    return 0.0 if up else limit + 1.0


@pytest.fixture(scope="module")
def watch(platform: Platform) -> Iterator[Watch]:
    """After days on which nothing happened: what other tests did wrong is in no window of an alarm any more.

    The transfers of those days are missed, which is told, and two hours in which they run leave that behind as well.
    The other schedules rest all the time: an audit or a cleaning would tell that it was missed. Alarms are looked at by
    these tests alone: values cannot be taken back, and one that time looked at again would keep others quiet.
    """
    with platform.cloud.resting_but():
        platform.cloud.advance_clock(4 * 86400)
    look_at_transfers(platform)
    with platform.cloud.resting_but("*-transfer-starter-*", "*-transfer-reconciler-*"), platform.cloud.resting_alarms():
        platform.cloud.advance_clock(2 * 3600)
        yield Watch(platform)


def look_at_transfers(platform: Platform) -> None:
    function = platform.handoffs["40-automation"]["function_arns"]["transfer_reconciler"]
    answer = platform.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


def unheard(watch: Watch) -> list[str]:
    """Alarms of which nobody would hear, each with the reason."""
    sns = watch.platform.client("sns")
    single, composite = watch.metric_alarms(), watch.composite_alarms()

    def is_told(alarm: Alarm) -> bool:
        topics = [action for action in alarm["AlarmActions"] if ":sns:" in action]
        listeners = [
            each for topic in topics for each in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        ]
        return bool(alarm["ActionsEnabled"] and listeners)

    told = {name for name, alarm in (single | composite).items() if is_told(alarm)}
    through = {
        name for each in composite if each in told for name in re.findall(r'"([^"]+)"', composite[each]["AlarmRule"])
    }
    problems = [
        f"{name} tells nobody" for name in single if name not in told and f"{watch.prefix}{name}" not in through
    ]
    problems += [f"{name} tells nobody" for name in composite if name not in told]
    for name, alarm in (single | composite).items():
        named = RUNBOOK.search(alarm.get("AlarmDescription", ""))
        if named is None or not (REPOSITORY / named[1]).is_file():
            problems.append(f"{name} names no runbook that is there")
    return problems


def test_dashboards_are_drawn_from_what_was_measured(watch: Watch, tmp_path: Path) -> None:
    platform = watch.platform
    keys = [platform.publish(f"raw-sequences/PRJ1/PRJ1-S1-000{number}_R1.fastq.gz", b"reads") for number in range(3)]
    platform.cloud.advance_clock(int(platform.until("transfer-starter-usual").total_seconds()) + 1)
    wait_for("tags", lambda: all(platform.tags(key) for key in keys))
    platform.cloud.advance_clock(int(platform.until("transfer-reconciler-usual").total_seconds()) + 1)
    drawn = {each.name.removeprefix(watch.prefix): each for each in dashboards(platform.cloud, platform.environment)}
    lines = {panel.title: panel.lines for panel in drawn["transfer"].panels}
    assert [name for name, _ in lines["Transfers"]][:1] == ["succeeded"]
    assert [name for name, _ in lines["How old is what the lake lacks"]] == [
        "snapshots: since the last success began",
        "transfer: since the last success began",
        "transfer-lag",
    ]
    assert lines["Bytes"]
    assert all(each.alarms for each in drawn.values())
    page = write_dashboards(tmp_path / "dashboards.html", list(drawn.values()))
    assert page.read_text(encoding="utf-8").count("<svg") >= 5


def test_every_alarm_reaches_somebody_and_names_a_runbook(watch: Watch) -> None:
    assert len(watch.metric_alarms()) > 80
    assert unheard(watch) == []


@pytest.mark.parametrize(
    "name", ["storage-io-limit", "tag-auditor-errors", "region-trouble", "slo-failed-samples-fast"]
)
def test_an_alarm_that_is_muted_is_found(watch: Watch, name: str) -> None:
    watch.cloudwatch.disable_alarm_actions(AlarmNames=[watch.prefix + name])
    try:
        assert f"{name} tells nobody" in unheard(watch)
    finally:
        watch.cloudwatch.enable_alarm_actions(AlarmNames=[watch.prefix + name])
    assert unheard(watch) == []


def test_every_alarm_is_quiet_while_all_is_well(watch: Watch) -> None:
    """Before any of them is fired: metrics cannot be taken back, and some alarms look at the same ones."""
    for alarm in watch.metric_alarms().values():
        watch.feed(alarm, wrong=False)
    assert {name: state for name, state in watch.look("*").items() if state != "OK"} == {}


def test_every_alarm_that_tells_by_itself_tells(watch: Watch) -> None:
    alarms = {name: alarm for name, alarm in watch.metric_alarms().items() if alarm["AlarmActions"]}
    watch.calm(alarms)
    for alarm in alarms.values():
        watch.feed(alarm, wrong=True)
    assert {name: state for name, state in watch.look("*").items() if name in alarms and state != "ALARM"} == {}
    for name in alarms:
        (mail, *_) = wait_for(f"the mail of {name}", partial(watch.mails, name))
        assert RUNBOOK.search(json.loads(mail)["AlarmDescription"]), mail
    watch.calm(watch.metric_alarms())


def shown(watch: Watch, measures: Iterable[str], name: str) -> None:
    """What is measured goes wrong, and the composite alarm tells once and names its runbook."""
    single = watch.metric_alarms()
    watch.calm(single)
    parts = {part: single[part] for part in measures}
    assert watch.look(name)[name] == "OK"
    for alarm in parts.values():
        watch.feed(alarm, wrong=False)  # a band has to know what is usual
        watch.feed(alarm, wrong=True)
    states = {part: state for measure in parts for part, state in watch.look(measure).items()}
    assert set(states.values()) == {"ALARM"}, states
    assert watch.composite_alarms()[name]["StateValue"] == "ALARM"
    (mail,) = wait_for(f"the mail of {name}", partial(watch.mails, name))
    assert RUNBOOK.search(json.loads(mail)["AlarmDescription"]), mail
    watch.calm(single)
    assert watch.composite_alarms()[name]["StateValue"] == "OK"


@pytest.mark.parametrize("name", QUIETENED)
def test_an_alarm_that_can_be_kept_quiet_tells_otherwise(watch: Watch, name: str) -> None:
    shown(watch, [f"{name}-measure"], name)


@pytest.mark.parametrize(("slo", "speed"), BURNS)
def test_a_budget_that_burns_is_told(watch: Watch, slo: str, speed: str) -> None:
    shown(watch, [f"slo-{slo}-{speed}-long", f"slo-{slo}-{speed}-short"], f"slo-{slo}-{speed}")


@pytest.mark.parametrize(("slo", "speed"), BURNS)
def test_a_budget_that_burnt_and_burns_no_more_is_not_told(watch: Watch, slo: str, speed: str) -> None:
    single, name = watch.metric_alarms(), f"slo-{slo}-{speed}"
    watch.calm(single)
    watch.cloudwatch.set_alarm_state(
        AlarmName=f"{watch.prefix}{name}-long", StateValue="ALARM", StateReason="an hour ago"
    )
    assert watch.composite_alarms()[name]["StateValue"] == "OK"
    watch.calm([f"{name}-long"])


def test_budgets_measured_in_the_recovery_region_are_told_as_events(platform: Platform, watch: Watch) -> None:
    there = Watch(platform, recovery=True)
    names = [f"slo-{slo}-{speed}" for slo, speed in RECOVERY_BURNS]
    windows = {name: [there.metric_alarms()[f"{name}-{kind}"] for kind in ("long", "short")] for name in names}
    assert not watch.composite_alarms().keys() & windows.keys()  # they would wait for ever for what is published there
    for wrong, state in ((False, "OK"), (True, "ALARM")):
        for window in itertools.chain.from_iterable(windows.values()):
            there.feed(window, wrong)
        there.look("slo-*")
        assert {name: there.composite_alarms()[name]["StateValue"] for name in names} == dict.fromkeys(names, state)
    for name in names:
        alarm = there.composite_alarms()[name]
        detail = {
            "alarmName": alarm["AlarmName"],
            "configuration": {"description": alarm["AlarmDescription"]},
            "state": {"value": "ALARM", "reason": "both windows"},
        }
        send(platform, "CloudWatch Alarm State Change", detail, alarm["AlarmArn"], recovery=True)
        (message,) = wait_until_told(platform, "ALARM at", alarm["AlarmArn"])
        assert "docs/runbooks/lake.md" in message


def test_no_transfer_is_one_message(watch: Watch) -> None:
    shown(watch, ["transfer-lag"], "transfer-down")
    single = watch.metric_alarms()
    watch.feed(single["transfer-lag"], wrong=True)
    for wrong in (False, True):
        watch.feed(single["transfer-volume-measure"], wrong)
    watch.look("transfer-*")
    composites = watch.composite_alarms()
    assert composites["transfer-volume"]["StateValue"] == "ALARM"
    assert composites["transfer-volume"]["ActionsSuppressedBy"] == "Alarm"
    wait_for("the mail of transfer-down", lambda: watch.mails("transfer-down"))
    assert watch.mails("transfer-volume") == []
    watch.calm(single)


def test_trouble_of_the_region_is_one_message(watch: Watch) -> None:
    single = watch.metric_alarms()
    watch.calm(single)
    for name in ("functions-failing", "nodes-failed"):
        watch.feed(single[f"{name}-measure"], wrong=True)
    watch.look("*s-fail*")
    composites = watch.composite_alarms()
    wait_for("the mail of region-trouble", lambda: watch.mails("region-trouble"))
    for name in ("functions-failing", "nodes-failed"):
        assert composites[name]["StateValue"] == "ALARM"
        assert composites[name]["ActionsSuppressedBy"] == "Alarm"
        assert watch.mails(name) == []
    watch.calm(single)


def test_the_functions_measure_the_objectives(watch: Watch) -> None:
    look_at_transfers(watch.platform)

    def measured() -> list[Any]:
        of = [{"Name": "service", "Value": "transfer_reconciler"}]
        found = watch.cloudwatch.list_metrics(Namespace="Kosha", MetricName="TransferLagMinutes", Dimensions=of)
        return list(found["Metrics"])

    wait_for("the lag of the transfer", measured)


def test_a_sample_that_fails_is_counted_from_the_log_of_the_cluster(watch: Watch) -> None:
    group = watch.platform.handoffs["30-cluster"]["log_group_names"]["application"]
    logs = watch.platform.client("logs")
    logs.create_log_stream(logGroupName=group, logStreamName="driver")
    now = int(watch.platform.now().timestamp() * 1000)
    lines = [{"event": "sample.ended", "state": state, "step": "x"} for state in ("published", "failed", "stopped")]
    messages = [json.dumps({"log": json.dumps(line), "log_processed": line}) for line in lines]
    events = [{"timestamp": now, "message": message} for message in messages]
    logs.put_log_events(logGroupName=group, logStreamName="driver", logEvents=events)

    def counted(metric: str) -> float:
        end = watch.platform.now() + timedelta(minutes=1)
        found = watch.cloudwatch.get_metric_statistics(
            Namespace="Kosha",
            MetricName=metric,
            StartTime=end - timedelta(minutes=5),
            EndTime=end,
            Period=300,
            Statistics=["SampleCount"],
        )
        return float(sum(each["SampleCount"] for each in found["Datapoints"]))

    # Stopped samples have bad data: they are no failure, and none of those that could have failed.
    wait_for("both counts", lambda: counted("SamplesEnded") >= 2 and counted("SamplesFailed") >= 1)


def test_dashboards_show_what_is_there(watch: Watch) -> None:
    names = watch.platform.handoffs["70-observability"]["dashboard_names"]
    assert sorted(names) == ["cluster", "platform", "storage", "transfer"]
    arns = {
        each["AlarmArn"]
        for there in (watch, Watch(watch.platform, recovery=True))
        for each in (*there.metric_alarms().values(), *there.composite_alarms().values())
    }
    for name in names.values():
        body = json.loads(watch.cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
        panels = [widget for widget in body["widgets"] if widget["type"] == "metric"]
        assert len(panels) >= 6
        (alarms,) = [widget["properties"]["alarms"] for widget in body["widgets"] if widget["type"] == "alarm"]
        assert set(alarms) <= arns
        assert alarms
