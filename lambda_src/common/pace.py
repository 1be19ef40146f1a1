"""How fast calls below one prefix may go: additive increase, multiplicative decrease, as TCP does it
(Chiu and Jain 1989, https://doi.org/10.1016/0169-7552(89)90019-6).

S3 takes at least 3,500 writes a second below a partitioned prefix, answers 503 SlowDown beyond, and makes more
partitions where the load stays (https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html). So
there is no number to configure: the pace goes up until S3 refuses, and stays a little below.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FIRST_RATE = 1000.0
LEAST_RATE = 5.0
# Seconds between two looks at whether the pace may be higher.
STEP_SECONDS = 0.1
# How late a call may be without being lost: the clock of epoll has milliseconds.
SLACK_SECONDS = 0.01
# Refusals of calls that were sent before the last decrease say nothing new.
ECHO_SECONDS = 0.15
# Until the first refusal the pace grows by this factor a step; then up to where it was last refused, then slowly.
FIRST_GROWTH, GROWTH, SLOW_GROWTH = 1.4, 1.02, 1.001
NEAR = 0.985
DECREASE = 0.97
# A pace that is refused again so soon was far too high: another took part of what there was.
SOON_SECONDS, BIG_DECREASE = 0.5, 0.8


@dataclass(slots=True)
class Pace:
    """Calls a second below a prefix. Times are of a monotonic clock, in seconds."""

    rate: float = FIRST_RATE
    refused_at_rate: float | None = None
    _next: float = 0.0
    _step_at: float = 0.0
    _is_the_limit: bool = False
    _decreased_at: float = field(default=float("-inf"))

    def take(self, now: float) -> bool:
        """Whether a call may go now; it counts as gone then."""
        if now - self._step_at >= STEP_SECONDS:
            self._step(now)
        due = self._next
        if due > now:
            self._is_the_limit = True
            return False
        earliest = now - SLACK_SECONDS
        self._next = (due if due > earliest else earliest) + 1 / self.rate
        return True

    @property
    def next(self) -> float:
        """When the next call may go."""
        return self._next

    def refused(self, now: float) -> None:
        """S3 has asked for fewer calls."""
        since = now - self._decreased_at
        if since < ECHO_SECONDS:
            return
        far = self.refused_at_rate is None or since < SOON_SECONDS
        self.refused_at_rate = self.rate
        self.rate = max(LEAST_RATE, self.rate * (BIG_DECREASE if far else DECREASE))
        self._decreased_at = now

    def _step(self, now: float) -> None:
        if self._is_the_limit and now - self._decreased_at >= ECHO_SECONDS:
            if self.refused_at_rate is None:
                self.rate *= FIRST_GROWTH
            elif self.rate < self.refused_at_rate * NEAR:
                self.rate = min(self.rate * GROWTH, self.refused_at_rate * NEAR)
            else:
                self.rate *= SLOW_GROWTH
        self._is_the_limit = False
        self._step_at = now
