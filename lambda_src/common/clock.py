"""Time as a run needs it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# Before Lambda's timeout: time for calls under way, the notice and the reply.
MARGIN_SECONDS = 30.0


@dataclass(frozen=True)
class Clock:
    """The date (UTC), the seconds until Lambda stops us, and waiting."""

    now: Callable[[], datetime]
    remaining_seconds: Callable[[], float]
    wait: Callable[[float], None]

    @property
    def is_short(self) -> bool:
        """Whether to stop taking on work."""
        return self.remaining_seconds() < MARGIN_SECONDS


def of(context: LambdaContext) -> Clock:
    """The clock of one invocation."""
    return Clock(
        now=lambda: datetime.now(UTC),
        remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000,
        wait=time.sleep,
    )
