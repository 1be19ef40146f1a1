"""Entry point of instance_scheduler, called by EventBridge Scheduler every quarter of an hour.

The event may hold ``mode``: ``reconcile`` (the default), or ``dry_run``, which changes nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics

from common import clients, clock
from common.publisher import Publisher
from common.state import StateStore
from instance_scheduler.aws import Instances, Processors
from instance_scheduler.config import Config
from instance_scheduler.scheduler import Scheduler

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

config = Config.from_environment(os.environ)
logger = Logger()
metrics = Metrics()
scheduler = Scheduler(
    config=config,
    instances=Instances(clients.ec2()),
    processors=Processors(clients.later(clients.cloudwatch)),
    store=StateStore(clients.s3(), config.reports_bucket, "instance_scheduler"),
    publisher=Publisher(clients.later(clients.sns), logger, metrics),
    logger=logger,
    metrics=metrics,
)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Any, context: LambdaContext) -> dict[str, Any]:
    """Bring the instances into the state that should hold now; the reply holds the counts."""
    return scheduler.run(event, clock.of(context))
