"""The price table, ``catalog/prices.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from scripts.paths import CATALOG
from scripts.talk import UserError

PRICES = CATALOG / "prices.yaml"
GB = 2**30
HOURS = 730.0
"""Of a month, as AWS bills it."""
DAYS = HOURS / 24


class Side(StrEnum):
    """Where something is billed."""

    PRIMARY = "primary"
    RECOVERY = "recovery"
    BETWEEN = "between"


class Strict(BaseModel):
    """Read once, never changed; nothing in it that is not asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Tier(Strict):
    """A price from so many units of a month on."""

    start: float
    usd: float


class Source(Strict):
    """Where a price was read, and when."""

    title: str
    url: str
    read: str


class Overhead(Strict):
    """KB that S3 adds to each archived object: at its class's price, and at that of STANDARD."""

    storage_class: float
    standard: float


class Price(Strict):
    """One line of the table. ``tiers`` begin with the one from 0; a flat price has one."""

    id: str
    service: str
    item: str
    region: str
    unit: str
    tiers: tuple[Tier, ...]
    minimum_days: int = 0
    minimum_kb: int = 0
    overhead_kb: Overhead = Overhead(storage_class=0, standard=0)
    source: str
    date: str
    verified: bool

    @cached_property
    def per(self) -> float:
        """How many of the unit the price is for: 1,000 of ``1000 requests``."""
        first = self.unit.split()[0]
        return float(first) if first.isdigit() else 1.0

    @property
    def first(self) -> float:
        """USD for one of what is billed, in the first tier."""
        return self.tiers[0].usd / self.per

    def cost(self, quantity: float) -> float:
        """USD for so many of a month."""
        ends = [*(tier.start for tier in self.tiers[1:]), float("inf")]
        return sum(
            (min(quantity, end) - tier.start) * tier.usd / self.per
            for tier, end in zip(self.tiers, ends, strict=True)
            if quantity > tier.start
        )


class PriceTable(Strict):
    """Every price by id and region."""

    as_of: str
    regions: Mapping[str, str]
    sources: Mapping[str, Source]
    prices: tuple[Price, ...]

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], Price]:
        return {(price.id, price.region): price for price in self.prices}

    def get(self, price_id: str, side: Side) -> Price:
        """A line. Raises :class:`UserError` where there is none."""
        region = self.regions.get(side.value, "between")
        try:
            return self._by_place[price_id, region]
        except KeyError:
            raise UserError(f"catalog/prices.yaml has no price '{price_id}' for {region}: add the line") from None

    def replaced(self, price_id: str, usd: float) -> PriceTable:
        """The same with another price for ``price_id``, in all regions."""
        changed = tuple(
            price.model_copy(update={"tiers": (Tier(start=0, usd=usd),)}) if price.id == price_id else price
            for price in self.prices
        )
        return PriceTable(as_of=self.as_of, regions=self.regions, sources=self.sources, prices=changed)


def load_prices(path: Path = PRICES) -> PriceTable:
    """Read the table; its form is checked by ``make lint``."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return PriceTable(
        as_of=document["as_of"],
        regions=document["regions"],
        sources=document["sources"],
        prices=tuple(_price(line) for line in document["prices"]),
    )


def _price(line: Mapping[str, object]) -> Price:
    """A line as it stands in the file: ``usd``, or ``tiers`` with ``from``."""
    rest = {key: value for key, value in line.items() if key not in ("usd", "tiers", "overhead_kb")}
    tiers = line.get("tiers")
    if isinstance(tiers, list):
        rest["tiers"] = tuple(Tier(start=tier["from"], usd=tier["usd"]) for tier in tiers)
    else:
        rest["tiers"] = ({"start": 0, "usd": line["usd"]},)
    overhead = line.get("overhead_kb")
    if isinstance(overhead, Mapping):
        rest["overhead_kb"] = Overhead(storage_class=overhead["class"], standard=overhead["standard"])
    return Price.model_validate(rest)
