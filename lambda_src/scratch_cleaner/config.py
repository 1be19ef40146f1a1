"""Settings of scratch_cleaner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from common.environment import flag, positive_number, required


@dataclass(frozen=True)
class Config:
    """From the environment. ``UNDO_DAYS`` may be left out: then files go at once."""

    environment: str
    directory: str
    mount_path: str
    lake_bucket: str
    reports_bucket: str
    topic_arn: str
    undo: timedelta
    needs_replica: bool

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Config:
        """Raises MissingSetting, which names the variable."""
        days = environment.get("UNDO_DAYS", "0")
        return cls(
            environment=required(environment, "ENVIRONMENT"),
            directory=required(environment, "DIRECTORY"),
            mount_path=required(environment, "MOUNT_PATH"),
            lake_bucket=required(environment, "LAKE_BUCKET"),
            reports_bucket=required(environment, "REPORTS_BUCKET"),
            topic_arn=required(environment, "DATA_TOPIC_ARN"),
            undo=timedelta(days=0 if days == "0" else positive_number(environment, "UNDO_DAYS", 7)),
            needs_replica=flag(environment, "NEEDS_REPLICA", True),
        )
