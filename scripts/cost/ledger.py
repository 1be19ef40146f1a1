"""What is used, and what it costs: a usage is a number of something in a month, a line is a usage with its price."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from scripts.cost.prices import Price, PriceTable, Side


class Group(StrEnum):
    """What a line belongs to. The first four are what the lake costs, the first seven what storage costs."""

    LAKE = "lake"
    REPLICA = "replica"
    REQUESTS = "requests and tags"
    TRANSFER = "between regions"
    SHARED_STORAGE = "shared storage"
    SHARED_COPIES = "its replica and backups"
    DATASYNC = "transfer to the lake"
    COMPUTE = "compute"
    NETWORK = "network"
    WATCHING = "logs, keys, watching"


LAKE_GROUPS = (Group.LAKE, Group.REPLICA, Group.REQUESTS, Group.TRANSFER)
STORAGE_GROUPS = (*LAKE_GROUPS, Group.SHARED_STORAGE, Group.SHARED_COPIES, Group.DATASYNC)


@dataclass(frozen=True)
class Usage:
    """So many of what a price is for (GB-months, requests, hours), in a month counted from 0.

    ``by_volume``: grows with what comes in, so twice the genomes are twice of it.
    """

    group: Group
    what: str
    price_id: str
    side: Side
    month: int
    quantity: float
    by_volume: bool = True


@dataclass(frozen=True)
class Line:
    usage: Usage
    price: Price
    usd: float


class Ledger:
    """The lines of one scenario."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = tuple(lines)

    def total(self, groups: Iterable[Group] = tuple(Group)) -> float:
        """USD over all months."""
        wanted = set(groups)
        return sum(line.usd for line in self.lines if line.usage.group in wanted)

    def by[T](self, key: Callable[[Line], T]) -> dict[T, float]:
        """USD by what ``key`` says of a line."""
        sums: defaultdict[T, float] = defaultdict(float)
        for line in self.lines:
            sums[key(line)] += line.usd
        return dict(sums)

    def monthly(self, months: int, groups: Iterable[Group] = tuple(Group)) -> list[float]:
        """USD of each month."""
        wanted = set(groups)
        sums = [0.0] * months
        for line in self.lines:
            if line.usage.group in wanted:
                sums[line.usage.month] += line.usd
        return sums


def priced(usages: Iterable[Usage], table: PriceTable) -> Ledger:
    """A line for each usage. Where a price has tiers, those of one month and side share them by their size."""
    usages = [usage for usage in usages if usage.quantity]
    sums: defaultdict[tuple[str, Side, int], float] = defaultdict(float)
    for usage in usages:
        sums[usage.price_id, usage.side, usage.month] += usage.quantity
    prices = {(price_id, side): table.get(price_id, side) for price_id, side, _ in sums}
    rates = {key: prices[key[:2]].cost(whole) / whole for key, whole in sums.items()}
    return Ledger(
        Line(
            usage,
            prices[usage.price_id, usage.side],
            usage.quantity * rates[usage.price_id, usage.side, usage.month],
        )
        for usage in usages
    )
