"""Entry point of tag_auditor, called by EventBridge Scheduler: in the morning, and every quarter of an hour to go on.

The event holds ``mode``: ``audit`` or ``continue``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics

from common import catalogue, clients, clock
from common.fast_lake import FastLake
from common.modes import BadRequest, read_mode
from common.publisher import Publisher
from common.reports import ReportStore
from common.runs import Runs
from common.state import StateStore
from tag_auditor.auditor import Auditor
from tag_auditor.aws import FastListing, tell_class
from tag_auditor.config import Config
from tag_auditor.domain import MODES

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

FUNCTION = "tag_auditor"

config = Config.from_environment(os.environ)
logger = Logger()
metrics = Metrics()
s3 = clients.s3()
store = StateStore(s3, config.reports_bucket, FUNCTION)
auditor = Auditor(
    config=config,
    catalogue=catalogue.load(),
    listing=FastListing(s3, config.lake_bucket),
    lake=FastLake(s3, config.lake_bucket),
    store=store,
    runs=Runs(store),
    reports=ReportStore(s3, config.reports_bucket, FUNCTION),
    tell_class=tell_class,
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
    return auditor.run(mode, clock.of(context))
