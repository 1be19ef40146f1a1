"""The targets of catalog/recovery.yaml: the most that may be lost, and how long the rest may be out of use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import yaml

from scripts.paths import CATALOG


@dataclass(frozen=True)
class Target:
    """The most that may be lost (RPO), and how long it may take until the rest can be used again (RTO)."""

    rpo: timedelta
    rto: timedelta


def read_targets() -> dict[str, Target]:
    """The targets by name."""
    document = yaml.safe_load((CATALOG / "recovery.yaml").read_text(encoding="utf-8"))
    return {
        name: Target(timedelta(minutes=each["rpo_minutes"]), timedelta(minutes=each["rto_minutes"]))
        for name, each in document["targets"].items()
    }
