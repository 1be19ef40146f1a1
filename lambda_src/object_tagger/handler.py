"""Entry point of object_tagger, called by EventBridge when an execution of a transfer has ended."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from common import catalogue, clients, clock, transfer_event
from common.fast_lake import FastLake
from common.publisher import Publisher
from common.state import StateStore
from object_tagger.aws import Executions, Reports
from object_tagger.config import Config
from object_tagger.receipts import Receipts
from object_tagger.tagger import Tagger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

config = Config.from_environment(os.environ)
logger = Logger()
metrics = Metrics()
s3 = clients.s3()
tagger = Tagger(
    config=config,
    catalogue=catalogue.load(),
    lake=FastLake(s3, config.lake_bucket, config.workers),
    reports=Reports(s3, config.reports_bucket),
    receipts=Receipts(StateStore(s3, config.reports_bucket, "object_tagger")),
    executions=Executions(clients.datasync()),
    publisher=Publisher(clients.later(clients.sns), logger, metrics),
    logger=logger,
    metrics=metrics,
)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Any, context: LambdaContext) -> dict[str, Any]:
    """Tag what the execution named in the event transferred; the reply holds the counts."""
    transfer = transfer_event.read(event, config.transfers)
    if isinstance(transfer, transfer_event.Refusal):
        metrics.add_metric("EventsIgnored", MetricUnit.Count, 1)
        logger.warning("ignored an event", extra={"reason": transfer.value})
        return {"outcome": "ignored", "reason": transfer.value}
    logger.append_keys(transfer=transfer.transfer.name, execution=transfer.execution_id)
    counts = tagger.run(transfer, clock.of(context))
    return {"outcome": "tagged", "counts": counts}
