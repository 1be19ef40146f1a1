"""Carries out a run: look, judge, tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from common.failures import code_of, is_transient
from common.publisher import NoticeNotSent, Publisher
from common.transfer_event import TransferEvent
from transfer_notifier import messages
from transfer_notifier.config import Config
from transfer_notifier.domain import Ending, Facts, judge

_METRIC = {
    Ending.SUCCEEDED: "TransfersSucceeded",
    Ending.PARTIAL: "TransfersPartial",
    Ending.FAILED: "TransfersFailed",
}


class Executions(Protocol):
    """Executions of the transfers."""

    def describe(self, arn: str) -> Facts: ...


@dataclass(frozen=True)
class Notifier:
    """Turns the end of a transfer into one notice."""

    config: Config
    executions: Executions
    publisher: Publisher
    logger: Logger
    metrics: Metrics

    def run(self, event: TransferEvent, now: datetime) -> Ending:
        """Tell how the execution ended.

        Raises:
            ClientError, BotoCoreError: DataSync could not be asked for a passing reason.
            NoticeNotSent: SNS did not take the notice, which is all this function is for.
        """
        facts = self._facts(event.execution_arn)
        ending = judge(event.state, facts)
        self.metrics.add_metric(_METRIC[ending], MetricUnit.Count, 1)
        if facts is not None:
            self.metrics.add_metric("FilesTransferred", MetricUnit.Count, facts.files_transferred)
            self.metrics.add_metric("FilesLeftBehind", MetricUnit.Count, facts.files_left_behind)
            self.metrics.add_metric("BytesTransferred", MetricUnit.Bytes, facts.bytes_transferred)
        notice = messages.ended(self.config.environment, now, event, ending, facts)
        if not self.publisher.publish(self.config.topic_arn, notice):
            raise NoticeNotSent(
                f"{notice.kind} of {event.execution_id}: SNS did not take the notice; Lambda tries again"
            )
        return ending

    def _facts(self, execution_arn: str) -> Facts | None:
        try:
            return self.executions.describe(execution_arn)
        except (ClientError, BotoCoreError) as error:
            if is_transient(error):
                raise
            # An ending without numbers is better than none: the notice goes out.
            self.logger.error("DataSync does not describe the execution", extra={"error_code": code_of(error)})
            return None
