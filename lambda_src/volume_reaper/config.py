"""Settings of volume_reaper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from common.environment import positive_number, required

DEFAULT_WINDOW_DAYS = 30


@dataclass(frozen=True)
class Config:
    """From the environment; ``WINDOW_DAYS`` (30) may be left out."""

    environment: str
    topic_arn: str
    window: timedelta
    retention: timedelta

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Config:
        """Raises MissingSetting, which names the variable."""
        return cls(
            environment=required(environment, "ENVIRONMENT"),
            topic_arn=required(environment, "PLATFORM_TOPIC_ARN"),
            window=timedelta(days=positive_number(environment, "WINDOW_DAYS", DEFAULT_WINDOW_DAYS)),
            retention=timedelta(days=positive_number(environment, "SNAPSHOT_RETENTION_DAYS")),
        )
