"""Entry point of scratch_cleaner, called by EventBridge Scheduler: weekly to clean, every quarter of an hour to go on.

The event holds ``mode``: ``clean``, ``continue``, or ``dry_run``, which removes nothing and reports what would go.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics

from common import catalogue, clients, clock
from common.modes import BadRequest, read_mode
from common.publisher import Publisher
from common.reports import ReportStore
from common.runs import Runs
from common.state import StateStore
from scratch_cleaner.aws import Copies
from scratch_cleaner.cleaner import Cleaner
from scratch_cleaner.config import Config
from scratch_cleaner.domain import MODES, Rules
from scratch_cleaner.fast_tree import FastTree

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

FUNCTION = "scratch_cleaner"

config = Config.from_environment(os.environ)
layout = catalogue.read_document("shared-storage")
logger = Logger()
metrics = Metrics()
s3 = clients.s3()
cleaner = Cleaner(
    config=config,
    rules=Rules.from_documents(
        layout, catalogue.read_document("data-classes"), config.directory, needs_replica=config.needs_replica
    ),
    catalogue=catalogue.load(),
    tree=FastTree(config.mount_path, layout["leases"], layout["undo"]),
    copies=Copies(s3, config.lake_bucket),
    runs=Runs(StateStore(s3, config.reports_bucket, f"{FUNCTION}/{config.directory}")),
    reports=ReportStore(s3, config.reports_bucket, FUNCTION),
    publisher=Publisher(clients.later(clients.sns), logger, metrics),
    logger=logger,
    metrics=metrics,
)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: Any, context: LambdaContext) -> dict[str, Any]:
    """Do what the event asks for; the reply says how far that was."""
    try:
        mode = read_mode(event, MODES)
    except BadRequest as error:
        logger.warning("refused an event", extra={"problem": str(error)})
        metrics.add_metric("EventsIgnored", "Count", 1)
        return {"outcome": "refused", "problem": str(error)}
    return cleaner.run(mode, clock.of(context))
