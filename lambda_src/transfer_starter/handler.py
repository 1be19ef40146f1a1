"""Entry point of transfer_starter, called by EventBridge Scheduler every half hour.

The event is not read: what is due follows from the clock and from the state of the tasks, so a call that comes late,
twice or by hand does no harm.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics

from common import clients, transfers
from common.publisher import Publisher
from transfer_starter.aws import Task
from transfer_starter.config import Config
from transfer_starter.starter import Starter

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

config = Config.from_environment(os.environ)
logger = Logger()
metrics = Metrics()
datasync, starting = clients.datasync(), clients.datasync(attempts=1)
publisher = Publisher(clients.sns(), logger, metrics)
starters = {
    each.name: Starter(config, each, Task(datasync, starting, each.task_arn), publisher, logger, metrics)
    for each in config.transfers
}


@logger.inject_lambda_context
@metrics.log_metrics
def handler(_event: Any, _context: LambdaContext) -> dict[str, dict[str, str]]:
    """Start the transfers that are due; the reply says of each what was done."""
    return transfers.for_each(config.transfers, lambda each: starters[each.name].run(datetime.now(UTC)))
