"""Settings of transfer_notifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.environment import required


@dataclass(frozen=True)
class Config:
    """From the environment."""

    environment: str
    task_arn: str
    topic_arn: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Config:
        """Raises MissingSetting, which names the variable."""
        return cls(
            environment=required(environment, "ENVIRONMENT"),
            task_arn=required(environment, "TRANSFER_TASK_ARN"),
            topic_arn=required(environment, "TRANSFER_TOPIC_ARN"),
        )
