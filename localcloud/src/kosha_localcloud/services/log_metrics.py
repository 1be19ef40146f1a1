"""Metric filters of CloudWatch Logs: LocalStack lets every filter look at every group, and counts text as it likes.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html: a value is a number or a field of the
line (``$.path``), dimensions are fields, and the default value, which a metric with dimensions cannot have, is sent for
a batch in which nothing matched. A line that lacks a dimension's field is not counted.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from kosha_localcloud.services.log_patterns import BadPattern, compile_pattern, field_at

LOG = logging.getLogger(__name__)

type Event = Mapping[str, Any]


def install() -> None:
    """Let PutLogEvents count what the group's own filters match. Needs LocalStack, which tests of `counted` do not."""
    from localstack.aws.api import RequestContext
    from localstack.aws.api.logs import InvalidParameterException
    from localstack.services.logs import provider
    from localstack.utils.patch import patch
    from moto.logs.models import LogsBackend, logs_backends

    from kosha_localcloud.services.clients import client

    provider.is_api_enabled = lambda _: False  # asked in one place: whether to count in LocalStack's way

    @patch(LogsBackend.put_metric_filter)
    def put_metric_filter(
        fn: Callable[..., Any], self: Any, name: str, pattern: str, group: str, transformations: list[dict[str, Any]]
    ) -> Any:
        try:
            compile_pattern(pattern)
        except BadPattern as error:
            raise InvalidParameterException(str(error)) from error
        if any(each.get("dimensions") and each.get("defaultValue") is not None for each in transformations):
            raise InvalidParameterException("A metric that has dimensions cannot have a default value.")
        return fn(self, name, pattern, group, transformations)

    @patch(provider.LogsProvider.put_log_events)
    def put_log_events(
        fn: Callable[..., Any],
        self: Any,
        context: RequestContext,
        log_group_name: str,
        log_stream_name: str,
        log_events: list[dict[str, Any]],
        *arguments: Any,
        **more: Any,
    ) -> Any:
        answer = fn(self, context, log_group_name, log_stream_name, log_events, *arguments, **more)
        backend = logs_backends[context.account_id][context.region]
        for each in backend.filters.metric_filters:
            if each["logGroupName"] == log_group_name:
                cloudwatch = client("cloudwatch", context.account_id, context.region)
                for namespace, datum in counted(each, log_events):
                    try:
                        cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])
                    except (BotoCoreError, ClientError) as error:
                        LOG.warning("The metric filter %s could not count: %s", each["filterName"], error)
        return answer


def counted(metric_filter: Mapping[str, Any], events: Sequence[Event]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Namespace and datum, as PutMetricData takes it, of all that a filter counts in a batch."""
    matches = compile_pattern(metric_filter["filterPattern"])
    found = [event for event in events if matches(event["message"])]
    for each in metric_filter["metricTransformations"]:
        for event in found:
            value = _number(each["metricValue"], event["message"])
            dimensions = _dimensions(each, event["message"])
            if value is not None and dimensions is not None:
                yield each["metricNamespace"], _datum(each, value) | {"Dimensions": dimensions}
        if not found and each.get("defaultValue") is not None:
            yield each["metricNamespace"], _datum(each, float(each["defaultValue"]))


def _datum(transformation: Mapping[str, Any], value: float) -> dict[str, Any]:
    return {
        "MetricName": transformation["metricName"],
        "Value": value,
        "Unit": transformation.get("unit") or "None",
    }


def _dimensions(transformation: Mapping[str, Any], message: str) -> list[dict[str, str]] | None:
    """None where a field is missing."""
    wanted = transformation.get("dimensions") or {}
    values = {name: _field(message, path) for name, path in wanted.items()}
    if not all(isinstance(value, str | int | float) for value in values.values()):
        return None
    return [{"Name": name, "Value": str(value)} for name, value in values.items()]


def _number(value: str, message: str) -> float | None:
    found = _field(message, value) if value.startswith("$") else value
    try:
        return float(found)
    except (TypeError, ValueError):
        return None


def _field(message: str, path: str) -> Any:
    try:
        return field_at(json.loads(message), path)
    except ValueError:
        return None
