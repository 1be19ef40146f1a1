"""Carries out what the domain decides: look, decide, start, tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from common.failures import code_of, is_transient
from common.publisher import Publisher
from common.slots import slot_of
from common.transfers import Transfer
from transfer_starter import messages
from transfer_starter.config import Config
from transfer_starter.domain import Refuse, Skip, SkipReason, Start, TaskState, decide


class Task(Protocol):
    """The task as this module needs it."""

    def state(self) -> TaskState:
        """What DataSync says now."""
        ...

    def start(self) -> str:
        """Start an execution; its ARN."""
        ...


@dataclass(frozen=True)
class Starter:
    """Starts one transfer in the slot that ``now`` lies in, if it is due."""

    config: Config
    transfer: Transfer
    task: Task
    publisher: Publisher
    logger: Logger
    metrics: Metrics

    def run(self, now: datetime) -> dict[str, str]:
        """Do what is due at ``now`` (UTC) and return ``{"outcome": started|skipped|failed, ...}``.

        Raises:
            ClientError, BotoCoreError: only where another try can help (throttling, a fault of the service, the
                network). Whatever needs a person is a notice and a normal return: trying again would not mend it.
        """
        try:
            decision = decide(self.task.state(), now, self.transfer.every, self.config.stuck_after)
        except (ClientError, BotoCoreError) as error:
            if is_transient(error):
                raise
            return self._fail(now, f"DataSync does not describe the task: {error}")
        match decision:
            case Start():
                return self._start(decision, now)
            case Skip():
                return self._skip(decision, now)
            case Refuse():
                return self._fail(now, decision.problem)

    def _start(self, decision: Start, now: datetime) -> dict[str, str]:
        try:
            arn = self.task.start()
        except (ClientError, BotoCoreError) as error:
            return self._after_failed_start(error, now)
        self.metrics.add_metric("TransfersStarted", MetricUnit.Count, 1)
        self.logger.info(
            "started a transfer",
            extra={"transfer": self.transfer.name, "execution": arn, "slot": decision.slot.isoformat()},
        )
        self.publisher.publish(
            self.config.topic_arn,
            messages.started(self.config.environment, now, self.transfer, decision, execution_arn=arn),
        )
        return {"outcome": "started", "execution": arn}

    def _after_failed_start(self, error: ClientError | BotoCoreError, now: datetime) -> dict[str, str]:
        """The call failed; only the task itself says whether an execution came of it, or of another caller's."""
        decision = decide(self.task.state(), now, self.transfer.every, self.config.stuck_after)
        if isinstance(decision, Skip) and decision.reason is not SkipReason.TASK_BEING_CREATED:
            self.logger.warning("the slot has its transfer already", extra={"error_code": code_of(error)})
            return self._skip(decision, now)
        if is_transient(error):
            raise error
        return self._fail(now, f"DataSync refused to start the task: {error}")

    def _skip(self, decision: Skip, now: datetime) -> dict[str, str]:
        self.metrics.add_metric("TransfersSkipped", MetricUnit.Count, 1)
        if decision.running_for > timedelta(0):
            self.metrics.add_metric("TransferRunningSeconds", MetricUnit.Seconds, decision.running_for.total_seconds())
        self.logger.info("skipped this slot", extra={"transfer": self.transfer.name, "reason": decision.reason})
        if decision.stuck:
            self.publisher.publish(
                self.config.topic_arn,
                messages.stuck(self.config.environment, now, self.transfer, decision.execution, decision.running_for),
            )
        return {"outcome": "skipped", "reason": decision.reason.value}

    def _fail(self, now: datetime, problem: str) -> dict[str, str]:
        self.metrics.add_metric("TransferStartFailures", MetricUnit.Count, 1)
        self.logger.error("could not start the transfer", extra={"transfer": self.transfer.name, "problem": problem})
        self.publisher.publish(
            self.config.topic_arn,
            messages.failed_to_start(
                self.config.environment, now, self.transfer, slot=slot_of(now, self.transfer.every), problem=problem
            ),
        )
        return {"outcome": "failed", "problem": problem}
