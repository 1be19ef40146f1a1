"""Entry point of transfer_reconciler, called by EventBridge Scheduler in the middle of each half hour."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics

from common import clients, clock, transfers
from common.publisher import Publisher
from common.state import StateStore
from transfer_reconciler.aws import Executions, Functions, Receipts, tell_lag
from transfer_reconciler.config import Config
from transfer_reconciler.reconciler import Reconciler

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

config = Config.from_environment(os.environ)
logger = Logger()
metrics = Metrics()
s3 = clients.s3()
datasync = clients.datasync()
receipts = Receipts(StateStore(s3, config.reports_bucket, "object_tagger"))
functions = Functions(clients.later(clients.functions))
store = StateStore(s3, config.reports_bucket, "transfer_reconciler")
publisher = Publisher(clients.later(clients.sns), logger, metrics)
reconcilers = {
    each.name: Reconciler(
        config,
        each,
        Executions(datasync, each.task_arn),
        receipts,
        functions,
        store,
        tell_lag,
        publisher,
        logger,
        metrics,
    )
    for each in config.transfers
}


@logger.inject_lambda_context
@metrics.log_metrics
def handler(_event: Any, context: LambdaContext) -> dict[str, dict[str, int]]:
    """Compare what should have happened with what has; the reply holds the counts of each transfer."""
    return transfers.for_each(config.transfers, lambda each: reconcilers[each.name].run(clock.of(context)))
