"""Settings of object_tagger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common import transfers
from common.environment import flag, positive_number, required
from common.transfers import Transfer

DEFAULT_WORKERS = 128


@dataclass(frozen=True)
class Config:
    """From the environment; ``TAGGING_WORKERS``, the objects tagged at once, may be left out (128). ``READ_TAGS_FIRST``
    is ``true`` where others tag new objects too (docs/adr/0011)."""

    environment: str
    transfers: tuple[Transfer, ...]
    lake_bucket: str
    reports_bucket: str
    topic_arn: str
    workers: int
    read_tags_first: bool

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Config:
        """Raises MissingSetting, which names the variable."""
        return cls(
            environment=required(environment, "ENVIRONMENT"),
            transfers=transfers.of(environment),
            lake_bucket=required(environment, "LAKE_BUCKET"),
            reports_bucket=required(environment, "REPORTS_BUCKET"),
            topic_arn=required(environment, "DATA_TOPIC_ARN"),
            workers=max(1, int(positive_number(environment, "TAGGING_WORKERS", DEFAULT_WORKERS))),
            read_tags_first=flag(environment, "READ_TAGS_FIRST"),
        )
