"""The tags that an alarm is given when it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.cloudwatch.provider_v2 import CloudwatchProvider
from localstack.utils.aws import arns
from localstack.utils.patch import patch


def install() -> None:
    """Make LocalStack's CloudWatch keep them."""
    for operation in (CloudwatchProvider.put_metric_alarm, CloudwatchProvider.put_composite_alarm):
        _keep_tags(operation)

    @patch(CloudwatchProvider.delete_alarms)
    def delete_alarms(
        fn: Callable[..., Any], self: CloudwatchProvider, context: RequestContext, alarm_names: list[str], **more: Any
    ) -> Any:
        tags = self.get_store(context.account_id, context.region).TAGS
        for name in alarm_names:
            tags.del_resource(arns.cloudwatch_alarm_arn(name, context.account_id, context.region))
        return fn(self, context, alarm_names, **more)


def _keep_tags(operation: Callable[..., Any]) -> None:
    @patch(operation)
    def put(fn: Callable[..., Any], self: CloudwatchProvider, context: RequestContext, request: dict[str, Any]) -> Any:
        store = self.get_store(context.account_id, context.region)
        arn = arns.cloudwatch_alarm_arn(request["AlarmName"], context.account_id, context.region)
        is_new = arn not in store.alarms
        answer = fn(self, context, request)
        if is_new:  # on AWS the tags of a later PutMetricAlarm are ignored
            store.TAGS.tag_resource(arn, request.get("Tags") or [])
        return answer
