"""Sends notices to SNS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from common.failures import code_of
from common.notices import Notice, render

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class NoticeNotSent(RuntimeError):
    """SNS did not take a notice that must not be lost."""


class Publisher:
    """Publishes notices, and leaves a metric and a log line where that fails: an alarm needs no topic to be seen."""

    def __init__(self, sns: SNSClient, logger: Logger, metrics: Metrics) -> None:
        self._sns = sns
        self._logger = logger
        self._metrics = metrics

    def publish(self, topic_arn: str, notice: Notice) -> bool:
        """Whether SNS took the notice; never raises for a failed call."""
        message = render(notice)
        try:
            self._sns.publish(
                TopicArn=topic_arn,
                Subject=message.subject,
                Message=message.body,
                MessageAttributes={
                    key: {"DataType": "String", "StringValue": value} for key, value in message.attributes.items()
                },
            )
        except (ClientError, BotoCoreError) as error:
            self._metrics.add_metric("NoticesFailed", MetricUnit.Count, 1)
            self._logger.error("a notice was not sent", extra={"notice": notice.kind, "error_code": code_of(error)})
            return False
        self._logger.info("a notice was sent", extra={"notice": notice.kind, "severity": notice.severity})
        return True
