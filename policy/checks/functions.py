"""Functions: what they give up on is kept, and somebody is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

from policy.checks.values import first, listed


class FunctionIsWatched(BaseResourceCheck):
    """A queue for dead letters, and an alarm on the function's errors that tells somebody."""

    def __init__(self) -> None:
        super().__init__(
            name="Lambda function has a dead-letter queue and an alarm on its errors with actions",
            id="CKV_KOSHA_14",
            categories=[CheckCategories.LOGGING],
            supported_resources=["aws_lambda_function"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        # Of a queue that is yet to be made a plan knows no more than that the block is there.
        if first(conf, "dead_letter_config") in (None, [], {}):
            return CheckResult.FAILED
        name, dimensions = first(conf, "function_name"), [first(alarm, "dimensions") for alarm in self._error_alarms()]
        if not isinstance(name, str) or any(sign in name for sign in ("${", "local.", "var.")):
            return CheckResult.UNKNOWN
        watched = any(isinstance(each, dict) and name in listed(each.get("FunctionName")) for each in dimensions)
        return CheckResult.PASSED if watched else CheckResult.FAILED

    def _error_alarms(self) -> Iterator[dict[str, Any]]:
        """Alarms on errors that act, of the whole plan or folder."""
        for _, node in self.graph.nodes() if self.graph else ():
            if node.get("resource_type") != "aws_cloudwatch_metric_alarm":
                continue
            acts = first(node, "actions_enabled") is not False and bool(listed(first(node, "alarm_actions")))
            if acts and (first(node, "namespace"), first(node, "metric_name")) == ("AWS/Lambda", "Errors"):
                yield node


watched = FunctionIsWatched()
