"""Settings of transfer_reconciler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common import transfers
from common.environment import required
from common.transfers import Transfer


@dataclass(frozen=True)
class Config:
    """From the environment."""

    environment: str
    transfers: tuple[Transfer, ...]
    topic_arn: str
    reports_bucket: str
    tagger_arn: str
    backfill_arn: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Config:
        """Raises MissingSetting, which names the variable."""
        return cls(
            environment=required(environment, "ENVIRONMENT"),
            transfers=transfers.of(environment),
            topic_arn=required(environment, "TRANSFER_TOPIC_ARN"),
            reports_bucket=required(environment, "REPORTS_BUCKET"),
            tagger_arn=required(environment, "OBJECT_TAGGER_ARN"),
            backfill_arn=required(environment, "TAG_BACKFILL_ARN"),
        )
