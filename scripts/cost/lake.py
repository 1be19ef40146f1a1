"""What the data lake and its replica use: storage by class and age, requests, tags, keys, transfer between regions."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scripts.cost.cohorts import months_in, over_cohorts, reaching
from scripts.cost.ledger import Group, Usage
from scripts.cost.lifecycle import KB, Rule, Stage, stages
from scripts.cost.prices import DAYS, PriceTable, Side
from scripts.cost.workload import Overwritten

NEVER = Overwritten(percent=0, after_days=1)
GROUP = {Side.PRIMARY: Group.LAKE, Side.RECOVERY: Group.REPLICA}


@dataclass(frozen=True)
class Flow:
    """Files of one kind that come into the lake: how many in each month, ``gb`` each."""

    data_class: str
    what: str
    gb: float
    counts: Sequence[float]


@dataclass(frozen=True)
class Terms:
    """How the lake is kept, beside its rules.

    ``replicated``: there is a replica. ``replication_time``: S3's time control watches the replication, and is billed.
    ``spread``: days over which a month's files come in.
    """

    replicated: bool = True
    replication_time: bool = True
    overwritten: Overwritten = NEVER
    part_gb: float = 0.0625
    tags_an_object: float = 4
    audits_a_month: float = 30
    read_back_percent_a_month: float = 0
    keys_spare_percent: float = 99
    spread: float = DAYS


@dataclass(frozen=True)
class _Life:
    """What happens to a share of a cohort's objects."""

    share: float
    arrives: float
    stages: tuple[Stage, ...]


def lives(rule: Rule, gb: float, overwritten: Overwritten) -> list[_Life]:
    """Most objects stay as they came; some are overwritten, and what replaced them begins anew at that age."""
    share, age = overwritten.percent / 100, overwritten.after_days
    untouched = stages(rule, gb)
    found = [_Life(1 - share, 0, untouched)]
    if share:
        again = tuple(
            Stage(storage_class=stage.storage_class, begin=stage.begin + age, end=stage.end + age)
            for stage in untouched
        )
        found += [_Life(share, 0, stages(rule, gb, gone_at=age)), _Life(share, age, again)]
    return found


def lake_usages(
    flows: Sequence[Flow], rules: Mapping[str, Mapping[Side, Rule]], terms: Terms, table: PriceTable
) -> Iterator[Usage]:
    """Everything the lake uses, both sides."""
    for flow in flows:
        yield from _side_usages(flow, rules[flow.data_class][Side.PRIMARY], Side.PRIMARY, terms, table)
        if terms.replicated:
            yield from _side_usages(flow, rules[flow.data_class][Side.RECOVERY], Side.RECOVERY, terms, table)
            yield from _transfer_usages(flow, terms)


def requests_to_write(gb: float, part_gb: float) -> int:
    """One, or for what is written in parts one for each and two around them."""
    parts = math.ceil(gb / part_gb)
    return 1 if parts <= 1 else parts + 2


def _side_usages(flow: Flow, rule: Rule, side: Side, terms: Terms, table: PriceTable) -> Iterator[Usage]:
    months, group = len(flow.counts), GROUP[side]
    collected: defaultdict[tuple[Group, str, str], list[float]] = defaultdict(lambda: [0.0] * months)

    def add(group: Group, what: str, price_id: str, kernel: Sequence[float], factor: float) -> None:
        if factor:
            sums = collected[group, what, price_id]
            for age, value in enumerate(kernel):
                sums[age] += value * factor

    for life in lives(rule, flow.gb, terms.overwritten):
        arriving = reaching(life.arrives, months, terms.spread)
        writes = requests_to_write(flow.gb, terms.part_gb)
        add(Group.REQUESTS, "writing", "s3.put", arriving, life.share * writes)
        kms = writes + (1 if side is Side.PRIMARY else 0)
        add(Group.REQUESTS, "keys", "kms.request", arriving, life.share * kms * (1 - terms.keys_spare_percent / 100))
        if side is Side.PRIMARY:
            # The tagger writes; the replication brings tags along with the object.
            add(Group.REQUESTS, "tagging", "s3.put", arriving, life.share)
            if terms.replicated:
                add(Group.REQUESTS, "reading for the replica", "s3.get", arriving, life.share * writes)
        whole = Stage(storage_class="any", begin=life.stages[0].begin, end=life.stages[-1].end)
        present = months_in(whole, months, terms.spread)
        add(Group.REQUESTS, "tags", "s3.tags", present, life.share * terms.tags_an_object)
        if side is Side.PRIMARY:
            add(Group.REQUESTS, "audit", "s3.get", present, life.share * terms.audits_a_month)
        for number, stage in enumerate(life.stages):
            price = table.get(f"s3.storage.{stage.storage_class}", side)
            stay = months_in(stage, months, terms.spread)
            billed = max(flow.gb, price.minimum_kb * KB) + price.overhead_kb.storage_class * KB
            add(group, f"{flow.data_class} in {stage.storage_class}", price.id, stay, life.share * billed)
            add(group, f"{flow.data_class} in STANDARD", "s3.storage.STANDARD", stay,
                life.share * price.overhead_kb.standard * KB)  # fmt: skip
            if stage.days < price.minimum_days:
                rest = (price.minimum_days - stage.days) / DAYS
                leaving = reaching(stage.end, months, terms.spread)
                add(group, f"{flow.data_class} deleted or moved early", price.id, leaving, life.share * billed * rest)
            if number:
                entering = reaching(stage.begin, months, terms.spread)
                add(Group.REQUESTS, "lifecycle", f"s3.transition.{stage.storage_class}", entering, life.share)
                if side is Side.PRIMARY:
                    add(Group.REQUESTS, "read back", f"s3.retrieval.{stage.storage_class}", stay,
                        life.share * flow.gb * terms.read_back_percent_a_month / 100)  # fmt: skip
    for (group, what, price_id), kernel in collected.items():
        for month, quantity in enumerate(over_cohorts(flow.counts, kernel)):
            yield Usage(group, what, price_id, side, month, quantity)


def _transfer_usages(flow: Flow, terms: Terms) -> Iterator[Usage]:
    again = terms.overwritten.percent / 100
    first = reaching(0, len(flow.counts), terms.spread)
    second = reaching(terms.overwritten.after_days, len(flow.counts), terms.spread)
    kernel = [one + again * other for one, other in zip(first, second, strict=True)]
    for month, count in enumerate(over_cohorts(flow.counts, kernel)):
        gb = count * flow.gb
        yield Usage(Group.TRANSFER, "replication", "transfer.between_regions", Side.BETWEEN, month, gb)
        if terms.replication_time:
            yield Usage(Group.TRANSFER, "replication time", "s3.replication_time", Side.BETWEEN, month, gb)
