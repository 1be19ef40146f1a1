"""The workload, ``catalog/workload.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import yaml

from scripts.cost.prices import DAYS, Strict
from scripts.paths import CATALOG

WORKLOAD = CATALOG / "workload.yaml"


class Files(Strict):
    """Files of one kind: how many a genome has of them, ``gb`` each."""

    what: str
    count: float
    gb: float


class DailyFiles(Strict):
    """Files that are not a genome's: so many a day, ``gb`` each."""

    what: str
    a_day: float
    gb: float


class RunStorage(Strict):
    """GB a genome's run writes to and reads from EFS, and what it leaves there for so many days beside its results."""

    written_gb: float
    read_gb: float
    left_gb: float
    left_days: float


class Toolchain(Strict):
    """What a genome is made with, and what comes out."""

    description: str
    files: Mapping[str, tuple[Files, ...]]
    shared_storage: RunStorage
    processor_hours: float
    always_on: bool


class Overwritten(Strict):
    """Of all files, how many are overwritten or deleted, and at what age in days."""

    percent: float
    after_days: float


class Standing(Strict):
    """GB that stay on EFS, by the tier a lifecycle moves them to."""

    standard: float
    ia: float
    archive: float

    @property
    def total(self) -> float:
        return self.standard + self.ia + self.archive


class SharedStorage(Strict):
    standing_gb: Standing
    cleaned_every_days: float


class Operations(Strict):
    """What is billed by the month and not by the genome."""

    nat_gb: float
    endpoint_gb: float
    logs_gb: float
    logs_kept_months: int
    observations_a_node_hour: float
    custom_metrics: float
    data_events_an_object: float
    lambda_gb_seconds: float
    lambda_requests: float
    volumes_gb: float
    volume_snapshots_gb: float


class ExchangeRate(Strict):
    currency: str
    per_usd: float


class Recovery(Strict):
    rpo: str
    rto: str


class Scenario(Strict):
    """One way to keep the same genomes."""

    title: str
    toolchain: str
    lake: bool
    lifecycle: Literal["none", "catalogue"]
    from_plan: bool
    recovery: Recovery


class Counted(Strict):
    """Infrastructure of one side, in numbers. ``endpoint_zones``: interface endpoints times zones."""

    nat_gateways: int = 0
    endpoint_zones: int = 0
    clusters: int = 0
    system_processors: float = 0
    keys: int = 0
    alarms: int = 0
    dashboards: int = 0


class Workload(Strict):
    months: int
    genomes_a_day: float
    growth_percent_a_year: float
    exchange_rate: ExchangeRate | None
    toolchains: Mapping[str, Toolchain]
    others: Mapping[str, DailyFiles]
    overwritten: Overwritten
    read_back_percent_a_month: float
    part_gb: float
    tags_an_object: float
    audits_a_month: float
    bucket_keys_spare_percent: float
    shared_storage: SharedStorage
    operations: Operations
    scenarios: Mapping[str, Scenario]
    compared_with: str
    infrastructure: Mapping[str, Counted]

    def genomes(self, month: int) -> float:
        """In the month with this number, counted from 0."""
        return self.genomes_a_day * DAYS * self.growth(month)

    def growth(self, month: int) -> float:
        """The month's volume to that of the first."""
        return float((1 + self.growth_percent_a_year / 100) ** (month / 12))


def load_workload(path: Path = WORKLOAD) -> Workload:
    """Read the workload; its form is checked by ``make lint``."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document.pop("version")
    return Workload.model_validate(document)
