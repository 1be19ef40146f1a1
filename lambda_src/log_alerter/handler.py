"""Entry point of log_alerter, called by CloudWatch Logs with lines that a subscription filter let through, and by
EventBridge Scheduler to tell what has become due."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics

from common import catalogue, clients, clock
from common.publisher import Publisher
from common.state import StateStore
from log_alerter.alerter import Alerter
from log_alerter.aws import Memories
from log_alerter.config import Config
from log_alerter.domain import filters

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

config = Config.from_environment(os.environ)
logger = Logger()
metrics = Metrics()
alerter = Alerter(
    config=config,
    filters=filters(catalogue.read_document("log-alerts")),
    memories=Memories(StateStore(clients.s3(), config.reports_bucket, "log_alerter")),
    publisher=Publisher(clients.later(clients.sns), logger, metrics),
    logger=logger,
    metrics=metrics,
)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Any, context: LambdaContext) -> dict[str, Any]:
    """Take a delivery, or flush; the reply holds the counts."""
    return alerter.run(event, clock.of(context))
