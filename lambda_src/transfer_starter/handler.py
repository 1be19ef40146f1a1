"""Entry point of transfer_starter, called by EventBridge Scheduler every half hour.

The event is not read: what is due follows from the clock and from the state of the task, so a call that comes late,
twice or by hand does no harm.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from common import clients
from common.publisher import Publisher
from transfer_starter.aws import Transfers
from transfer_starter.config import Config
from transfer_starter.starter import Starter

config = Config.from_environment(os.environ)
logger = Logger()
metrics = Metrics()
starter = Starter(
    config=config,
    transfers=Transfers(clients.datasync(), clients.datasync(attempts=1), config.task_arn),
    publisher=Publisher(clients.sns(), logger, metrics),
    logger=logger,
    metrics=metrics,
)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(_event: Any, _context: LambdaContext) -> dict[str, str]:
    """Start the transfer of this half hour, if it is due; the reply says what was done."""
    return starter.run(datetime.now(UTC))
