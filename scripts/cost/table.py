"""The scenarios as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from scripts.cost.ledger import Group
from scripts.cost.prices import Price, Side
from scripts.cost.scenarios import FAST, Forecast, Variation

CASE_STUDY = "case_study"
TARGET = 0.10
"""Of the case study's 60-month storage cost, what Kosha fast may take."""


def dollars(usd: float) -> str:
    return f"{usd:,.0f}"


def rows(forecasts: Mapping[str, Forecast], compared_with: str) -> Iterator[tuple[str, list[str]]]:
    """(what, a cell for each scenario): groups, sums, ratios, what recovery can do."""
    each = list(forecasts.values())
    groups = [forecast.ledger.by(lambda line: line.usage.group) for forecast in each]
    for group in Group:
        yield group.value, [dollars(sums.get(group, 0.0)) for sums in groups]
    base = forecasts[compared_with]
    for what, values, whole in (
        ("the lake and its replica", [forecast.lake for forecast in each], base.lake),
        ("all storage", [forecast.storage for forecast in each], base.storage),
        ("everything", [forecast.total for forecast in each], base.total),
    ):
        yield what, [dollars(value) for value in values]
        yield f"{what}, to {base.scenario.title.lower()}", [_ratio(value, whole) for value in values]
    yield "lost at most, lake (RPO)", [forecast.scenario.recovery.rpo for forecast in each]
    yield "used again after (RTO)", [forecast.scenario.recovery.rto for forecast in each]
    yield "old data read after: primary", [_wait(forecast, Side.PRIMARY) for forecast in each]
    yield "old data read after: replica", [_wait(forecast, Side.RECOVERY) for forecast in each]


def _ratio(value: float, whole: float) -> str:
    return f"{value / whole:.3f}" if value else "-"


def _wait(forecast: Forecast, side: Side) -> str:
    hours = forecast.hours_to_read.get(side)
    if hours is None:
        return "at once" if side is Side.PRIMARY else "no copy"
    return f"{hours} h" if hours else "at once"


def verdict(forecasts: Mapping[str, Forecast], compared_with: str, varied: Sequence[Variation]) -> str:
    """What Kosha fast takes; of the case study, whether the target is met and under which assumptions it would not."""
    ratio = forecasts[FAST].lake / forecasts[compared_with].lake
    storage = forecasts[FAST].storage / forecasts[compared_with].storage
    base = forecasts[compared_with].scenario.title
    takes = f"Kosha fast takes {ratio:.3f} of what the lake of {base!r} costs, {storage:.3f} of all its storage"
    if compared_with != CASE_STUDY:
        return f"{takes}."
    is_met = ratio <= TARGET
    said, opposite = ("met", "missed") if is_met else ("not met", "met")
    others = [each for each in varied if (each.lake_ratio <= TARGET) != is_met]
    under = "; ".join(f"{each.title} ({each.lake_ratio:.3f})" for each in others) or "none of the assumptions below"
    return f"{takes}; the target is {TARGET:.2f} of the former: {said}. It is {opposite} under: {under}."


def print_forecast(
    console: Console, forecasts: Mapping[str, Forecast], compared_with: str, varied: Sequence[Variation], months: int
) -> None:
    """Print everything."""
    table = Table(title=f"USD over {months} months")
    table.add_column("")
    for forecast in forecasts.values():
        table.add_column(forecast.scenario.title, justify="right")
    for number, (what, cells) in enumerate(rows(forecasts, compared_with)):
        if number == len(Group):
            table.add_section()
        table.add_row(what, *cells)
    console.print(table)
    changed = Table(title=f"Kosha fast to {forecasts[compared_with].scenario.title}, where an assumption is another")
    for name in ("assumption", "lake", "all storage"):
        changed.add_column(name, justify="left" if name == "assumption" else "right")
    for each in varied:
        changed.add_row(each.title, f"{each.lake_ratio:.3f}", f"{each.storage_ratio:.3f}")
    console.print(changed)
    console.print(verdict(forecasts, compared_with, varied), highlight=False)


def unverified(forecasts: Mapping[str, Forecast]) -> list[tuple[Price, float]]:
    """Prices that were not read for their region, with what of Kosha fast rests on each (USD), the dearest first."""
    sums = forecasts[FAST].ledger.by(lambda line: (line.price.id, line.price.region))
    prices = {(line.price.id, line.price.region): line.price for line in forecasts[FAST].ledger.lines}
    found = [(prices[key], usd) for key, usd in sums.items() if not prices[key].verified]
    return sorted(found, key=lambda pair: -pair[1])
