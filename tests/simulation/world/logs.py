"""CloudWatch Logs as far as subscription filters go: lines of one stream reach a function in batches, at least once.

What a filter's pattern would keep back is not modelled: every line that is written here is one that passes.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from tests.simulation.world.compute import Lambda
from tests.simulation.world.faults import Faults
from tests.simulation.world.timeline import Timeline


@dataclass(frozen=True)
class Subscription:
    """A filter of the catalogue on a log group."""

    filter: str
    log_group: str
    function: str


class Logs:
    """Delivers lines."""

    def __init__(self, timeline: Timeline, faults: Faults, functions: Lambda) -> None:
        self._timeline = timeline
        self._faults = faults
        self._functions = functions
        self.subscriptions: list[Subscription] = []
        # So many of the next deliveries come twice.
        self.double_next = 0
        self._ids = count(1)

    def write(self, subscription: Subscription, stream: str, lines: Sequence[str], at_once: bool = False) -> None:
        """Lines come to the log group, and to the function: in a second, or ``at_once`` and again if that fails."""
        at = int(self._timeline.now.timestamp() * 1000)
        document = {
            "messageType": "DATA_MESSAGE",
            "owner": "111122223333",
            "logGroup": subscription.log_group,
            "logStream": stream,
            "subscriptionFilters": [f"kosha-test-log-alerter-{subscription.filter}--group"],
            "logEvents": [{"id": f"{next(self._ids):056d}", "timestamp": at, "message": each} for each in lines],
        }
        data = base64.b64encode(gzip.compress(json.dumps(document).encode(), compresslevel=1)).decode()
        payload = {"awslogs": {"data": data}}
        if not at_once or self._functions.call_now(subscription.function, payload).problem:
            self._functions.call(subscription.function, payload)
        if self.double_next > 0:
            self.double_next -= 1
            self._faults.note("delivery doubled")
            self._functions.call(subscription.function, payload, timedelta(minutes=4))
