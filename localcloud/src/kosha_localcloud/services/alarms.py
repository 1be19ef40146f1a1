"""Alarms: metric math, anomaly bands, missing data as AWS treats it, composite alarms and what suppresses them.

An alarm is looked at once a minute; the control call ``alarms/evaluate`` looks now, and while ``alarms/rest`` is in
force that alone does. All alarms of one such call count as looked at within the wait period of a composite alarm: what
suppresses it is known before it acts.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.services.cloudwatch.alarm_scheduler import AlarmScheduler
from localstack.services.cloudwatch.models import (
    LocalStackAlarm,
    LocalStackCompositeAlarm,
    LocalStackMetricAlarm,
    cloudwatch_stores,
)
from localstack.services.cloudwatch.provider_v2 import CloudwatchProvider
from localstack.utils.aws import arns
from localstack.utils.patch import patch

from kosha_localcloud.services.alarm_rules import BadRule, Rule
from kosha_localcloud.services.clients import client
from kosha_localcloud.services.metric_data import Metrics
from kosha_localcloud.services.metric_math import BadExpression, Band

LOG = logging.getLogger(__name__)

RESTING = threading.Event()
"""While it is set, alarms are looked at when somebody asks for it, and not by time."""

LOOK_SECONDS = 60
"""Platform time between two looks at an alarm, as CloudWatch does
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html)."""
PAUSE_SECONDS = 5.0
"""Real time between two rounds of looks: while the clock is moved by days, hundreds of alarms are always due."""

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"

type Alarm = Mapping[str, Any]
type Breaches = list[bool | None]
"""Of each period, the oldest first: whether its value is on the wrong side; none where there is no value."""

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
_BAND: dict[str, Callable[[float, float, float], bool]] = {
    "LessThanLowerOrGreaterThanUpperThreshold": lambda value, lower, upper: value < lower or value > upper,
    "LessThanLowerThreshold": lambda value, lower, _: value < lower,
    "GreaterThanUpperThreshold": lambda value, _, upper: value > upper,
}


def install() -> None:
    """Let LocalStack look at alarms in this way."""
    watch = _Watch()

    @patch(AlarmScheduler.start)
    def start(_fn: Any, _self: AlarmScheduler) -> None:
        watch.start()

    @patch(AlarmScheduler.shutdown)
    def shutdown(_fn: Any, _self: AlarmScheduler) -> None:
        watch.stop()

    @patch(AlarmScheduler.schedule_metric_alarm)
    def schedule_metric_alarm(_fn: Any, _self: AlarmScheduler, _alarm_arn: str) -> None:
        """The watch finds it."""

    @patch(CloudwatchProvider._validate_alarm_rule_expression)
    def _validate_alarm_rule_expression(_fn: Any, _self: CloudwatchProvider, rule: str) -> list[str]:
        try:
            Rule(rule)
        except BadRule as error:
            raise CommonServiceException("ValidationError", str(error), 400, True) from error
        return []

    @patch(CloudwatchProvider._evaluate_composite_alarms)
    def _evaluate_composite_alarms(_fn: Any, self: CloudwatchProvider, context: Any, _alarm: Any) -> None:
        COMPOSITES.changed(self, context.account_id, context.region)

    @patch(CloudwatchProvider.put_composite_alarm)
    def put_composite_alarm(fn: Any, self: CloudwatchProvider, context: RequestContext, request: Any) -> None:
        fn(self, context, request)
        COMPOSITES.changed(self, context.account_id, context.region)


def evaluate(pattern: str) -> list[dict[str, str]]:
    """Look at every alarm whose name fits `pattern`; each with its state afterwards."""
    found = []
    with COMPOSITES.held():
        for region, arn, each in _all_alarms():
            if fnmatchcase(each.alarm["AlarmName"], pattern):
                if isinstance(each, LocalStackMetricAlarm):
                    look(arn)
                found.append((region, each.alarm))
    return [
        {"name": alarm["AlarmName"], "region": region, "state": str(alarm["StateValue"])} for region, alarm in found
    ]


def _all_alarms() -> list[tuple[str, str, LocalStackAlarm]]:
    """Region, ARN and alarm."""
    return [
        (region, arn, each)
        for account in list(cloudwatch_stores)
        for region in list(cloudwatch_stores[account])
        for arn, each in list(cloudwatch_stores[account][region].alarms.items())
    ]


class _Watch:
    """Looks at every metric alarm in time, unless alarms rest."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread = None

    def _run(self) -> None:
        looked_at: dict[str, float] = {}
        while not self._stop.wait(PAUSE_SECONDS):
            if not RESTING.is_set():
                looked_at = self._look(looked_at)

    @staticmethod
    def _look(before: Mapping[str, float]) -> dict[str, float]:
        """Look at what was not looked at for a minute; returns when each was."""
        looked_at = {}
        for _, arn, each in _all_alarms():
            if isinstance(each, LocalStackMetricAlarm):
                looked_at[arn] = before.get(arn, 0.0)
                if abs(time.time() - looked_at[arn]) >= LOOK_SECONDS:  # the clock may be set back, too
                    looked_at[arn] = time.time()
                    try:
                        look(arn)
                    except Exception:
                        LOG.exception("Alarm %s could not be looked at", each.alarm["AlarmName"])
        return looked_at


def look(alarm_arn: str) -> None:
    """Look at a metric alarm and bring it into the state its metrics call for."""
    parsed = arns.parse_arn(alarm_arn)
    each = cloudwatch_stores[parsed["account"]][parsed["region"]].alarms.get(alarm_arn)
    if each is None:
        return
    alarm: Alarm = dict(each.alarm)
    try:
        breaches, latest = _breaches(alarm, Metrics(parsed["account"], parsed["region"]))
    except BadExpression as error:
        LOG.warning("Alarm %s is not looked at: %s", alarm["AlarmName"], error)
        return
    state = verdict(breaches, alarm)
    if state is None or state == alarm["StateValue"]:
        return
    client("cloudwatch", parsed["account"], parsed["region"]).set_alarm_state(
        AlarmName=alarm["AlarmName"],
        StateValue=state,
        StateReason=_reason(state, breaches, latest, alarm),
        StateReasonData=json.dumps({"version": "1.0", "queryDate": datetime.now(UTC).isoformat()}),
    )


def verdict(breaches: Breaches, alarm: Alarm) -> str | None:
    """The state that these periods call for; none where it stays as it is.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    periods = alarm["EvaluationPeriods"]
    needed = alarm.get("DatapointsToAlarm") or periods
    missing = alarm.get("TreatMissingData", "missing")
    real = [each for each in breaches if each is not None][-periods:]
    if missing in ("breaching", "notBreaching"):
        filled = [missing == "breaching"] * (periods - len(real)) + real
        return ALARM if filled.count(True) >= needed else OK
    if not real:
        return INSUFFICIENT if missing == "missing" else None
    if real.count(True) >= needed:
        return ALARM
    if not all(real):
        return OK
    # All there is breaches, but there is too little of it: an alarm once the oldest is old enough.
    oldest = len(breaches) - breaches.index(True)
    return ALARM if oldest >= needed and missing == "missing" else None


def _period(alarm: Alarm) -> int:
    if alarm.get("Period"):
        return int(alarm["Period"])
    return max(int(query["MetricStat"]["Period"]) for query in alarm["Metrics"] if "MetricStat" in query)


def _queries(alarm: Alarm) -> Sequence[Mapping[str, Any]]:
    if "Metrics" in alarm:
        return list(alarm["Metrics"])
    metric = {key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions") if key in alarm}
    stat = {"Metric": metric, "Period": alarm["Period"], "Stat": alarm.get("Statistic", "none")}
    return [{"Id": "value", "MetricStat": stat}]


def _breaches(alarm: Alarm, metrics: Metrics) -> tuple[Breaches, float | None]:
    period, periods = _period(alarm), alarm["EvaluationPeriods"]
    # CloudWatch looks at more periods than it evaluates, to have enough values where some are missing.
    looked_at = periods + max(periods // 3, 2)
    # The second that runs belongs to the last period: what was counted in it is seen.
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    queries = _queries(alarm)
    results = metrics.results(queries, end - timedelta(seconds=looked_at * period), end)
    band_id = alarm.get("ThresholdMetricId")
    (observed,) = [each["Id"] for each in queries if each.get("ReturnData", True) and each["Id"] != band_id]
    series = results[observed][1]
    if isinstance(series, float):
        series = dict.fromkeys(range(looked_at), series)
    if not isinstance(series, dict):
        raise BadExpression(f"{observed} is no series")
    latest = series[max(series)] if series else None
    comparison = alarm["ComparisonOperator"]
    if band_id is None:
        compare, threshold = _COMPARE[comparison], alarm["Threshold"]
        return [compare(series[number], threshold) if number in series else None for number in range(looked_at)], latest
    band = results[band_id][1]
    if not isinstance(band, Band):
        raise BadExpression(f"{band_id} is no band")
    outside = _BAND[comparison]
    known = set(series) & set(band.lower)
    return [
        outside(series[number], band.lower[number], band.upper[number]) if number in known else None
        for number in range(looked_at)
    ], latest


def _reason(state: str, breaches: Breaches, latest: float | None, alarm: Alarm) -> str:
    if state == INSUFFICIENT or latest is None:
        taken_as = alarm.get("TreatMissingData", "missing")
        return f"No values within {alarm['EvaluationPeriods']} periods, taken as {taken_as}."
    limit = f"threshold {alarm['Threshold']}" if "Threshold" in alarm else "band"
    return f"Threshold Crossed: {breaches.count(True)} periods beyond the {limit}, the last value is {latest:g}."


@dataclass
class _Composites:
    """Brings composite alarms into the state their rules call for, and tells of the changes."""

    _lock: threading.RLock = field(default_factory=threading.RLock)
    _holding: int = 0
    _waiting: dict[tuple[str, str], CloudwatchProvider] = field(default_factory=dict)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Until its end, changes of alarms are only noted."""
        with self._lock:
            self._holding += 1
        try:
            yield
        finally:
            with self._lock:
                self._holding -= 1
                waiting = {} if self._holding else self._waiting
                if waiting:
                    self._waiting = {}
            for (account, region), provider in waiting.items():
                self._settle(provider, account, region)

    def changed(self, provider: CloudwatchProvider, account: str, region: str) -> None:
        """Some alarm there has a new state, or a composite alarm a new rule."""
        with self._lock:
            if self._holding:
                self._waiting[account, region] = provider
                return
        self._settle(provider, account, region)

    def _settle(self, provider: CloudwatchProvider, account: str, region: str) -> None:
        store = provider.get_store(account, region)
        context = RequestContext(None)
        context.account_id, context.region = account, region
        composites = [each for each in list(store.alarms.values()) if isinstance(each, LocalStackCompositeAlarm)]

        def found(name: str) -> Any:
            arn = name if name.startswith("arn:") else arns.cloudwatch_alarm_arn(name, account, region)
            return store.alarms.get(arn)

        def state(name: str) -> str | None:
            each = found(name)
            return None if each is None else str(each.alarm["StateValue"])

        before = {each.alarm["AlarmName"]: str(each.alarm["StateValue"]) for each in composites}
        # A rule may ask for composite alarms, but never in a circle: after so many rounds everything is settled.
        for _ in range(len(composites) + 1):
            changes = 0
            for each in composites:
                rule = Rule(each.alarm["AlarmRule"])
                wanted = ALARM if rule.holds(state) else OK
                if each.alarm["StateValue"] != wanted:
                    names = [name for name in rule.names if state(name) == ALARM]
                    reason = f"In ALARM: {', '.join(name.rpartition(':')[2] for name in names) or 'none'}"
                    provider._update_state(context, each, wanted, reason)
                    each.alarm["StateTransitionedTimestamp"] = datetime.now(UTC)
                    changes += 1
            if not changes:
                break
        for each in composites:
            self._act(provider, context, each, before[each.alarm["AlarmName"]], found)

    def _act(
        self, provider: CloudwatchProvider, context: Any, each: Any, before: str, found: Callable[[str], Any]
    ) -> None:
        alarm = each.alarm
        was_suppressed = alarm.pop("ActionsSuppressedBy", None) is not None
        alarm.pop("ActionsSuppressedReason", None)
        is_news = alarm["StateValue"] != before
        suppressor = found(alarm["ActionsSuppressor"]) if alarm.get("ActionsSuppressor") else None
        if suppressor is not None and suppressor.alarm["StateValue"] == ALARM:
            if is_news or was_suppressed:
                alarm["ActionsSuppressedBy"] = "Alarm"
                alarm["ActionsSuppressedReason"] = f"{suppressor.alarm['AlarmName']} is in ALARM"
            return
        if alarm["ActionsEnabled"] and (is_news or (was_suppressed and alarm["StateValue"] == ALARM)):
            provider._run_composite_alarm_actions(context, each, before, each)


COMPOSITES = _Composites()
