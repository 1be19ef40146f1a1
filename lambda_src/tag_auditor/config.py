"""Settings of tag_auditor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from common.environment import positive_number, required

# Two half hours until the transfer's event, and the reconciler's three calls after it.
DEFAULT_GRACE_MINUTES = 150


@dataclass(frozen=True)
class Config:
    """From the environment. ``GRACE_MINUTES`` (150): for so long the taggers have time for a new object."""

    environment: str
    lake_bucket: str
    reports_bucket: str
    topic_arn: str
    grace: timedelta

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Config:
        """Raises MissingSetting, which names the variable."""
        return cls(
            environment=required(environment, "ENVIRONMENT"),
            lake_bucket=required(environment, "LAKE_BUCKET"),
            reports_bucket=required(environment, "REPORTS_BUCKET"),
            topic_arn=required(environment, "DATA_TOPIC_ARN"),
            grace=timedelta(minutes=positive_number(environment, "GRACE_MINUTES", DEFAULT_GRACE_MINUTES)),
        )
