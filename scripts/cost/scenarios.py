"""The scenarios side by side, and how the ratio changes where an assumption does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scripts.check_catalog import MINUTES_TO_READ
from scripts.cost.infrastructure import Infrastructure
from scripts.cost.lake import Flow, Terms, lake_usages
from scripts.cost.ledger import LAKE_GROUPS, STORAGE_GROUPS, Ledger, Usage, priced
from scripts.cost.lifecycle import Rule, rules_of
from scripts.cost.platform import compute_usages, operations_usages, shared_storage_usages
from scripts.cost.prices import DAYS, PriceTable, Side
from scripts.cost.workload import Scenario, Toolchain, Workload

FAST, CLASSIC = "kosha_fast", "kosha_classic"


@dataclass(frozen=True)
class Inputs:
    """All that a forecast is made of."""

    workload: Workload
    table: PriceTable
    classes: Mapping[str, Any]
    """``catalog/data-classes.yaml``."""
    infrastructure: Infrastructure

    def rules(self, scenario: Scenario) -> dict[str, dict[Side, Rule]]:
        """Of each data class on each side; without a lifecycle nothing moves and nothing ends."""
        rules = rules_of(self.classes)
        if scenario.lifecycle == "catalogue":
            return rules
        return {name: dict.fromkeys(sides, Rule()) for name, sides in rules.items()}

    def built(self, scenario: Scenario) -> Infrastructure:
        """What there is: of the plan, or what the workload says of an institution without one."""
        if scenario.from_plan:
            return self.infrastructure
        counted = self.workload.infrastructure
        return Infrastructure(primary=counted["primary"], recovery=counted["recovery"])


@dataclass(frozen=True)
class Forecast:
    """What a scenario costs over all months."""

    name: str
    scenario: Scenario
    ledger: Ledger
    hours_to_read: Mapping[Side, int]
    """Until the slowest of what has been there for long can be read, by side; what is not there is left out."""

    @property
    def lake(self) -> float:
        return self.ledger.total(LAKE_GROUPS)

    @property
    def storage(self) -> float:
        return self.ledger.total(STORAGE_GROUPS)

    @property
    def total(self) -> float:
        return self.ledger.total()


def forecast(name: str, inputs: Inputs) -> Forecast:
    """One scenario of the workload."""
    scenario = inputs.workload.scenarios[name]
    rules = inputs.rules(scenario)
    slowest = {
        side: max(_hours(sides[side]) for sides in rules.values())
        for side in (Side.PRIMARY, Side.RECOVERY)
        if scenario.lake
    }
    return Forecast(name, scenario, priced(usages(scenario, inputs), inputs.table), slowest)


def _hours(rule: Rule) -> int:
    return max((MINUTES_TO_READ.get(each.storage_class, 0) // 60 for each in rule.transitions), default=0)


def forecasts(inputs: Inputs) -> dict[str, Forecast]:
    """All scenarios, in the workload's order."""
    return {name: forecast(name, inputs) for name in inputs.workload.scenarios}


def usages(scenario: Scenario, inputs: Inputs) -> Iterator[Usage]:
    """Everything a scenario uses."""
    workload = inputs.workload
    toolchain = workload.toolchains[scenario.toolchain]
    built = inputs.built(scenario)
    yield from storage_usages(scenario, inputs)
    yield from compute_usages(workload, toolchain, built)
    flows = list(flows_of(workload, toolchain)) if scenario.lake else []
    objects = [sum(flow.counts[month] for flow in flows) for month in range(workload.months)]
    yield from operations_usages(workload, toolchain, built, objects)


def storage_usages(scenario: Scenario, inputs: Inputs) -> Iterator[Usage]:
    """What a scenario uses of the lake and the shared storage, and to move between them and between regions."""
    workload = inputs.workload
    toolchain = workload.toolchains[scenario.toolchain]
    built = inputs.built(scenario)
    if scenario.lake:
        flows = list(flows_of(workload, toolchain))
        yield from lake_usages(flows, inputs.rules(scenario), terms_of(workload, built), inputs.table)
    retention = {
        name: each["shared_storage"]["retention_days"] or 0 for name, each in inputs.classes["classes"].items()
    }
    yield from shared_storage_usages(workload, toolchain, built, retention, lake=scenario.lake)


def terms_of(workload: Workload, built: Infrastructure) -> Terms:
    """How the workload and the plan say the lake is kept."""
    return Terms(
        replicated=True,
        replication_time=built.replication_time,
        overwritten=workload.overwritten,
        part_gb=workload.part_gb,
        tags_an_object=workload.tags_an_object,
        audits_a_month=workload.audits_a_month,
        read_back_percent_a_month=workload.read_back_percent_a_month,
        keys_spare_percent=workload.bucket_keys_spare_percent,
    )


def flows_of(workload: Workload, toolchain: Toolchain) -> Iterator[Flow]:
    """Files of genomes and the others, by month."""
    genomes = [workload.genomes(month) for month in range(workload.months)]
    for name, kinds in toolchain.files.items():
        for files in kinds:
            yield Flow(name, files.what, files.gb, [number * files.count for number in genomes])
    for name, daily in workload.others.items():
        counts = [daily.a_day * DAYS * workload.growth(month) for month in range(workload.months)]
        yield Flow(name, daily.what, daily.gb, counts)


@dataclass(frozen=True)
class Variation:
    """An assumption that is another: what Kosha fast then costs in relation to the case study, also changed."""

    title: str
    lake_ratio: float
    storage_ratio: float


def variations(inputs: Inputs) -> list[Variation]:
    """As the files say it, and with one assumption changed at a time."""
    dear = inputs.table.get("transfer.between_regions.high", Side.BETWEEN).first
    dearer = _repriced(inputs, "transfer.between_regions", dear)
    changed: list[tuple[str, Inputs]] = [
        ("as the files say it", inputs),
        (f"between regions ${dear} a GB", dearer),
        *_by_price(inputs),
        ("CRAM takes 0.5 of the BAM, not 0.4", _resized(inputs, 25)),
        ("CRAM takes 0.3 of the BAM", _resized(inputs, 15)),
        ("half the genomes", _with(inputs, genomes_a_day=inputs.workload.genomes_a_day / 2)),
        ("10 % more genomes a year", _with(inputs, growth_percent_a_year=10)),
        ("5 % of what is old is read back in a month", _with(inputs, read_back_percent_a_month=5)),
        ("replicas read at once for good", _replica(inputs)),
        (f"the same, and between regions ${dear} a GB", _replica(dearer)),
        ("replicas in Deep Archive from the second day: 12 hours to read in a disaster", _replica(inputs, 1)),
        ("FASTQ deleted after 180 days: only where the CRAM keeps all reads, which fast's does not", _expiring(inputs)),
    ]
    return [Variation(title, *ratios(each)) for title, each in changed]


def ratios(inputs: Inputs) -> tuple[float, float]:
    """Kosha fast to the case study: the lake alone, and all storage."""
    fast, other = (
        priced(storage_usages(inputs.workload.scenarios[name], inputs), inputs.table)
        for name in (FAST, inputs.workload.compared_with)
    )
    return fast.total(LAKE_GROUPS) / other.total(LAKE_GROUPS), fast.total() / other.total()


def _by_price(inputs: Inputs) -> Iterator[tuple[str, Inputs]]:
    for percent in (-20, 20):
        archive = inputs
        for storage_class in ("STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"):
            price = inputs.table.get(f"s3.storage.{storage_class}", Side.PRIMARY)
            archive = _repriced(archive, price.id, price.first * (1 + percent / 100))
        yield f"IA and archive classes {percent:+} %", archive


def _repriced(inputs: Inputs, price_id: str, usd: float) -> Inputs:
    return replace(inputs, table=inputs.table.replaced(price_id, usd))


def _with(inputs: Inputs, **changes: object) -> Inputs:
    return replace(inputs, workload=inputs.workload.model_copy(update=changes))


def _resized(inputs: Inputs, gb: float) -> Inputs:
    """With another size of the CRAM, on EFS as in the lake."""
    workload = inputs.workload
    fast = workload.toolchains["fast"]
    main, *rest = fast.files["aligned_reads"]
    more = gb - main.gb
    storage = fast.shared_storage
    changed = fast.model_copy(
        update={
            "files": {**fast.files, "aligned_reads": (main.model_copy(update={"gb": gb}), *rest)},
            "shared_storage": storage.model_copy(
                update={"written_gb": storage.written_gb + more, "read_gb": storage.read_gb + 3 * more}
            ),
        }
    )
    return _with(inputs, toolchains={**workload.toolchains, "fast": changed})


def _edited(inputs: Inputs, names: Iterable[str], **lifecycle: object) -> Inputs:
    """With other lifecycles of some data classes."""
    classes = dict(inputs.classes["classes"])
    for name in names:
        classes[name] = {**classes[name], "lifecycle": {**classes[name]["lifecycle"], **lifecycle}}
    return replace(inputs, classes={**inputs.classes, "classes": classes})


def _replica(inputs: Inputs, *deep: int) -> Inputs:
    """With replicas of the large classes in GLACIER_IR from the second day, or in DEEP_ARCHIVE from that age on."""
    moves = [{"days": days, "storage_class": "DEEP_ARCHIVE"} for days in deep]
    at_once = {"days": 1, "storage_class": "GLACIER_IR"}
    return _edited(inputs, ["raw_sequence", "aligned_reads"], replica_transitions=moves or [at_once])


def _expiring(inputs: Inputs) -> Inputs:
    """With FASTQ hidden after 150 days and deleted 30 days later, not moved to where that would be early."""
    moves = [{"days": 30, "storage_class": "GLACIER_IR"}]
    return _edited(inputs, ["raw_sequence"], transitions=moves, expire_days=150, noncurrent_days=30)
