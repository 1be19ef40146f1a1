"""Entry point of tag_backfill: called by people (make backfill), by other functions, and by a schedule that goes on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics

from common import catalogue, clients, clock
from common.fast_lake import FastLake
from common.modes import BadRequest
from common.publisher import Publisher
from common.reports import ReportStore
from common.state import PREFIX, StateStore
from tag_backfill.aws import FastListing, Jobs, Manifests
from tag_backfill.backfiller import Backfiller
from tag_backfill.config import Config
from tag_backfill.domain import read_request

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

FUNCTION = "tag_backfill"

config = Config.from_environment(os.environ)
logger = Logger()
metrics = Metrics()
s3 = clients.s3()
backfiller = Backfiller(
    config=config,
    catalogue=catalogue.load(),
    lake=FastLake(s3, config.lake_bucket, config.workers),
    listing=FastListing(s3, config.lake_bucket),
    manifests=Manifests(s3, config.reports_bucket, f"{PREFIX}/{FUNCTION}", config.lake_bucket),
    jobs=Jobs(clients.later(clients.s3control), config.account_id, config.batch_role_arn, config.reports_bucket),
    store=StateStore(s3, config.reports_bucket, FUNCTION),
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
        request = read_request(event, context.aws_request_id[:8])
    except BadRequest as error:
        logger.warning("refused an event", extra={"problem": str(error)})
        return {"outcome": "refused", "problem": str(error)}
    return backfiller.run(request, clock.of(context))
