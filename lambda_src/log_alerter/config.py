"""Settings of log_alerter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.environment import required

# The topics that catalog/log-alerts.yaml may name (its schema lists them, too).
TOPICS = ("platform", "data")


@dataclass(frozen=True)
class Config:
    """From the environment. ``topic_arns`` is by the name the catalogue uses."""

    environment: str
    reports_bucket: str
    topic_arns: Mapping[str, str]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Config:
        """Raises MissingSetting, which names the variable."""
        return cls(
            environment=required(environment, "ENVIRONMENT"),
            reports_bucket=required(environment, "REPORTS_BUCKET"),
            topic_arns={name: required(environment, f"{name.upper()}_TOPIC_ARN") for name in TOPICS},
        )
