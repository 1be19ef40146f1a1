"""Settings of tag_backfill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.environment import positive_number, required

DEFAULT_WORKERS = 128
# A group of objects that take the same tags is worth a job of S3 Batch Operations from this size on: below it, the
# function has tagged the group itself before a job has been prepared.
DEFAULT_GROUP_SIZE = 10_000


@dataclass(frozen=True)
class Config:
    """From the environment; ``TAGGING_WORKERS`` (128 calls at once) and ``BATCH_GROUP_SIZE`` (10000) have defaults."""

    environment: str
    account_id: str
    lake_bucket: str
    reports_bucket: str
    topic_arn: str
    batch_role_arn: str
    memory_gb: float
    workers: int
    batch_group_size: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Config:
        """Raises MissingSetting, which names the variable."""
        return cls(
            environment=required(environment, "ENVIRONMENT"),
            account_id=required(environment, "ACCOUNT_ID"),
            lake_bucket=required(environment, "LAKE_BUCKET"),
            reports_bucket=required(environment, "REPORTS_BUCKET"),
            topic_arn=required(environment, "DATA_TOPIC_ARN"),
            batch_role_arn=required(environment, "BATCH_ROLE_ARN"),
            # Lambda itself says how much memory the function has.
            memory_gb=positive_number(environment, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 1024) / 1024,
            workers=max(1, int(positive_number(environment, "TAGGING_WORKERS", DEFAULT_WORKERS))),
            batch_group_size=max(1, int(positive_number(environment, "BATCH_GROUP_SIZE", DEFAULT_GROUP_SIZE))),
        )
