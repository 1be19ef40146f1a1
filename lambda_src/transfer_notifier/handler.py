"""Entry point of transfer_notifier, called by EventBridge when an execution of a transfer has ended."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from common import clients, transfer_event
from common.publisher import Publisher
from transfer_notifier.aws import Executions
from transfer_notifier.config import Config
from transfer_notifier.notifier import Notifier

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

config = Config.from_environment(os.environ)
logger = Logger()
metrics = Metrics()
notifier = Notifier(
    config=config,
    executions=Executions(clients.datasync()),
    publisher=Publisher(clients.sns(), logger, metrics),
    logger=logger,
    metrics=metrics,
)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Any, _context: LambdaContext) -> dict[str, str]:
    """Tell how the execution named in the event ended."""
    transfer = transfer_event.read(event, config.transfers)
    if isinstance(transfer, transfer_event.Refusal):
        metrics.add_metric("EventsIgnored", MetricUnit.Count, 1)
        logger.warning("ignored an event", extra={"reason": transfer.value})
        return {"outcome": "ignored", "reason": transfer.value}
    return {"outcome": notifier.run(transfer, datetime.now(UTC)).value}
