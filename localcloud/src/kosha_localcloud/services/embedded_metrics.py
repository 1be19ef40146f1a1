"""Metrics that functions write as log lines (CloudWatch's Embedded Metric Format).

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html:
CloudWatch Logs takes them out of every log event that is a JSON object with ``_aws.CloudWatchMetrics``. What does not
keep to the format is a log line and no more, as on AWS.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

LOG = logging.getLogger(__name__)

type Datum = dict[str, Any]

# PutMetricData takes 1,000 metrics in a call, each with 150 values
# (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html).
METRICS_AT_ONCE = 1000
VALUES_AT_ONCE = 150
DIMENSIONS = 30


def install() -> None:
    """Let PutLogEvents send what it finds to CloudWatch. Needs LocalStack, which tests of the format do not."""
    from localstack.aws.api import RequestContext
    from localstack.services.logs.provider import LogsProvider
    from localstack.utils.patch import patch

    from kosha_localcloud.services.clients import client

    @patch(LogsProvider.put_log_events)
    def put_log_events(
        fn: Callable[..., Any],
        self: LogsProvider,
        context: RequestContext,
        log_group_name: str,
        log_stream_name: str,
        log_events: list[dict[str, Any]],
        *arguments: Any,
        **more: Any,
    ) -> Any:
        answer = fn(self, context, log_group_name, log_stream_name, log_events, *arguments, **more)
        for namespace, data in by_namespace(event["message"] for event in log_events).items():
            cloudwatch = client("cloudwatch", context.account_id, context.region)
            for start in range(0, len(data), METRICS_AT_ONCE):
                try:
                    cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[start : start + METRICS_AT_ONCE])
                except (BotoCoreError, ClientError) as error:
                    LOG.warning("Metrics of the log group %s could not be sent: %s", log_group_name, error)
        return answer


def by_namespace(messages: Iterable[str]) -> dict[str, list[Datum]]:
    """The metrics in these log events, as PutMetricData takes them."""
    found: dict[str, list[Datum]] = {}
    for message in messages:
        if '"_aws"' not in message:
            continue
        try:
            document = json.loads(message)
        except ValueError:
            continue
        if isinstance(document, dict):
            for namespace, datum in _metrics(document):
                found.setdefault(namespace, []).append(datum)
    return found


def _metrics(document: Mapping[str, Any]) -> Iterator[tuple[str, Datum]]:
    try:
        moment = datetime.fromtimestamp(document["_aws"]["Timestamp"] / 1000, UTC)
        for directive in document["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                dimensions = [{"Name": name, "Value": str(document[name])} for name in names]
                if len(dimensions) > DIMENSIONS:
                    continue
                for metric in directive["Metrics"]:
                    values = document.get(metric["Name"])
                    numbers: list[Any] = values if isinstance(values, list) else [values]
                    if not numbers or not all(type(each) in (int, float) for each in numbers):
                        continue
                    for start in range(0, len(numbers), VALUES_AT_ONCE):
                        yield (
                            directive["Namespace"],
                            {
                                "MetricName": metric["Name"],
                                "Dimensions": dimensions,
                                "Timestamp": moment,
                                "Values": [float(each) for each in numbers[start : start + VALUES_AT_ONCE]],
                                "Unit": metric.get("Unit", "None"),
                            },
                        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return
