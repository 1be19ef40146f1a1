"""Settings of instance_scheduler."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from common.environment import MissingSetting, positive_number, required
from instance_scheduler.domain import Rules
from instance_scheduler.hours import BadHours, read_holidays, read_hours

DEFAULT_OVERRIDE_HOURS = 4
# A system that waits uses one or two percent; one busy thread on 16 processors is six.
DEFAULT_BUSY_PERCENT = 5
DEFAULT_WINDOW_MINUTES = 30


@dataclass(frozen=True)
class Config:
    """From the environment: ``SCHEDULES`` (a JSON object of hours by name) and ``HOLIDAYS`` (a JSON list), as hours.py
    describes them. ``OVERRIDE_HOURS`` (4), ``BUSY_CPU_PERCENT`` (5), ``BUSY_WINDOW_MINUTES`` (30) may be left out."""

    environment: str
    topic_arn: str
    reports_bucket: str
    rules: Rules

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Config:
        """Raises MissingSetting, which names the variable."""
        schedules = _json(environment, "SCHEDULES")
        if not isinstance(schedules, dict) or not schedules:
            raise MissingSetting("the environment variable SCHEDULES holds no hours: give a JSON object of them")
        try:
            rules = Rules(
                schedules={name: read_hours(name, each) for name, each in schedules.items()},
                holidays=read_holidays(_json(environment, "HOLIDAYS")),
                override=timedelta(hours=positive_number(environment, "OVERRIDE_HOURS", DEFAULT_OVERRIDE_HOURS)),
                busy_percent=positive_number(environment, "BUSY_CPU_PERCENT", DEFAULT_BUSY_PERCENT),
                window=timedelta(minutes=positive_number(environment, "BUSY_WINDOW_MINUTES", DEFAULT_WINDOW_MINUTES)),
            )
        except BadHours as error:
            raise MissingSetting(f"the environment variable SCHEDULES or HOLIDAYS: {error}") from error
        return cls(
            environment=required(environment, "ENVIRONMENT"),
            topic_arn=required(environment, "PLATFORM_TOPIC_ARN"),
            reports_bucket=required(environment, "REPORTS_BUCKET"),
            rules=rules,
        )


def _json(environment: Mapping[str, str], name: str) -> Any:
    try:
        return json.loads(required(environment, name))
    except ValueError as error:
        raise MissingSetting(f"the environment variable {name} is not JSON: {error}") from error
