"""What a plan changes in the monthly bill, as Markdown for a review (``make cost-diff``).

Priced is what is billed by the hour or the month. What is billed by use (lifecycles, replication, backups) is named
where it changes; what that comes to is the forecast's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.cost.infrastructure import Resource, amounts, processors
from scripts.cost.prices import HOURS, PriceTable

PRICED: Mapping[str, tuple[tuple[str, float], ...]] = {
    "nat_gateways": (("vpc.nat.hour", HOURS), ("vpc.ipv4", HOURS)),
    "endpoint_zones": (("vpc.endpoint.hour", HOURS),),
    "clusters": (("eks.cluster", HOURS),),
    "system_processors": (("ec2.processor.system", HOURS),),
    "keys": (("kms.key", 1.0),),
    "alarms": (("cloudwatch.alarm", 1.0),),
    "dashboards": (("cloudwatch.dashboard", 1.0),),
}
"""What one of a count costs a month: prices and how many of each."""
BY_USE = frozenset(
    {
        "aws_backup_plan",
        "aws_cloudtrail",
        "aws_efs_file_system",
        "aws_efs_replication_configuration",
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_replication_configuration",
    }
)


@dataclass(frozen=True)
class Change:
    """A resource and USD a month before and after; None where there is or was none, or where it is billed by use."""

    address: str
    before: float | None
    after: float | None
    by_use: bool = False

    @property
    def difference(self) -> float:
        return (self.after or 0.0) - (self.before or 0.0)


def within(resources: Iterable[Resource], table: PriceTable) -> list[Change]:
    """What one plan changes."""
    return _changes(((each, each.before, each.after) for each in resources), table)


def between(before: Iterable[Resource], after: Iterable[Resource], table: PriceTable) -> list[Change]:
    """What is otherwise once the second plan is applied, not the first."""
    old = {(each.root, each.address): each for each in before}
    new = {(each.root, each.address): each for each in after}
    pairs = []
    for key in sorted(old.keys() | new.keys()):
        one, other = old.get(key), new.get(key)
        resource = other or one
        assert resource is not None
        pairs.append((resource, one.after if one else None, other.after if other else None))
    return _changes(pairs, table)


def _changes(
    triples: Iterable[tuple[Resource, Mapping[str, Any] | None, Mapping[str, Any] | None]], table: PriceTable
) -> list[Change]:
    found = []
    for resource, before, after in triples:
        address = f"{resource.root}: {resource.address}"
        if resource.type in BY_USE:
            if before != after:
                found.append(Change(address, None, None, by_use=True))
            continue
        change = Change(
            address,
            None if before is None else monthly(resource, before, table),
            None if after is None else monthly(resource, after, table),
        )
        if change.difference:
            found.append(change)
    return sorted(found, key=lambda change: (-abs(change.difference), change.address))


def monthly(resource: Resource, values: Mapping[str, Any], table: PriceTable) -> float:
    """USD a resource costs in a month, whatever is done with it."""
    side = resource.side
    if resource.type == "aws_ebs_volume":
        return float(values.get("size") or 0) * table.get("ebs.gp3", side).first
    if resource.type == "aws_instance":
        return processors(values["instance_type"]) * HOURS * table.get("ec2.processor.on_demand", side).first
    return sum(
        number * quantity * table.get(price, side).first
        for name, number in amounts(resource.type, values).items()
        for price, quantity in PRICED[name]
    )


def markdown(changes: Iterable[Change]) -> str:
    """A comment for a review."""
    changes = list(changes)
    priced = [change for change in changes if not change.by_use]
    used = [change for change in changes if change.by_use]
    total = sum(change.difference for change in priced)
    lines = [f"### What this plan changes in the bill: {total:+,.2f} USD a month", ""]
    if priced:
        lines += ["| resource | before | after | a month |", "|---|---:|---:|---:|"]
        lines += [
            f"| `{change.address}` | {_cell(change.before)} | {_cell(change.after)} | {change.difference:+,.2f} |"
            for change in priced
        ]
    else:
        lines.append("Nothing that is billed by the hour or the month.")
    if used:
        lines += ["", "Billed by use, and changed (`make cost PLAN=…` says what that comes to):", ""]
        lines += [f"- `{change.address}`" for change in used]
    return "\n".join([*lines, ""])


def _cell(usd: float | None) -> str:
    return "-" if usd is None else f"{usd:,.2f}"
