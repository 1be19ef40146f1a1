"""Entry point of volume_reaper, called by EventBridge Scheduler: daily to watch, monthly to reap.

The event may hold ``mode``: ``watch`` (the default), ``reap``, or ``dry_run``, which changes nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics

from common import clients, clock
from common.publisher import Publisher
from volume_reaper.aws import Usage, Volumes
from volume_reaper.config import Config
from volume_reaper.reaper import Reaper

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

config = Config.from_environment(os.environ)
logger = Logger()
metrics = Metrics()
reaper = Reaper(
    config=config,
    volumes=Volumes(clients.ec2(), clients.ec2(attempts=1)),
    usage=Usage(clients.later(clients.cloudwatch)),
    publisher=Publisher(clients.later(clients.sns), logger, metrics),
    logger=logger,
    metrics=metrics,
)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Any, context: LambdaContext) -> dict[str, Any]:
    """Do what is due; the reply holds the counts."""
    return reaper.run(event, clock.of(context))
