"""Settings of transfer_starter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from common import transfers
from common.environment import positive_number, required
from common.transfers import Transfer

DEFAULT_STUCK_AFTER_HOURS = 6.0


@dataclass(frozen=True)
class Config:
    """From the environment; ``TRANSFER_STUCK_AFTER_HOURS`` may be left out (six hours)."""

    environment: str
    transfers: tuple[Transfer, ...]
    topic_arn: str
    stuck_after: timedelta

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Config:
        """Raises MissingSetting, which names the variable."""
        return cls(
            environment=required(environment, "ENVIRONMENT"),
            transfers=transfers.of(environment),
            topic_arn=required(environment, "TRANSFER_TOPIC_ARN"),
            stuck_after=timedelta(
                hours=positive_number(environment, "TRANSFER_STUCK_AFTER_HOURS", DEFAULT_STUCK_AFTER_HOURS)
            ),
        )
