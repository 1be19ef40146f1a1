"""Every fast path against the plain way (``make bench``).

    python -m benchmarks [--pair tagging] [--rounds 5] [--quick] [--no-sweep]

The contenders of a pair run in turn, round by round, each in a process of its own: what else the machine does meets
all of them, and ratios are medians of ratios within a round. Beside the times stand exact counts (calls, bytes), which
no neighbour changes. ``.build/bench/fast-paths.json`` holds every round, ``fast-paths.svg`` the picture.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from statistics import median
from typing import Any

from rich.table import Table

from benchmarks.frame import Cost, Pair, exponent, find_pairs, measure, median_cost, ratios
from benchmarks.plot import draw
from pipelines.sequencing.run import write_atomically
from scripts.paths import BUILD
from scripts.talk import UserError, make_console, run_program

FOLDER = BUILD / "bench"
console = make_console()


def run_rounds(name: str, pair: Pair, rounds: int, divisor: int) -> dict[str, list[Cost]]:
    """Every contender once a round."""
    found: dict[str, list[Cost]] = {contender: [] for contender in pair.contenders}
    for number in range(1, rounds + 1):
        for contender, how in pair.contenders.items():
            cost = measure(name, pair, contender, max(1, (how.size or pair.size) // divisor))
            found[contender].append(cost)
            console.print(
                f"{name}, round {number}, {contender}: {cost.per_unit('cpu') * 1e6:,.1f} us of CPU,"
                f" {cost.per_unit('wall') * 1e6:,.1f} us for each {pair.unit}",
                highlight=False,
            )
    return found


def run_sweeps(name: str, pair: Pair, divisor: int) -> dict[str, list[Cost]]:
    """Contender -> costs at the sizes of its sweep."""
    found = {}
    for contender, how in pair.contenders.items():
        if how.sweep:
            found[contender] = [measure(name, pair, contender, max(1, size // divisor)) for size in how.sweep]
    return found


def describe(name: str, pair: Pair, rounds: Mapping[str, list[Cost]], sweeps: Mapping[str, list[Cost]]) -> Table:
    """The table of a pair."""
    table = Table(title=f"{name}: {len(rounds[pair.baseline])} rounds, medians", title_justify="left")
    for heading in (
        "",
        f"CPU us per {pair.unit}",
        f"wall us per {pair.unit}",
        "ratio",
        "promised",
        "peak MB",
        "counts",
    ):
        table.add_column(heading, justify="right" if heading not in ("", "counts") else "left")
    found = ratios(pair, rounds)
    for contender, costs in rounds.items():
        ratio = median(found[contender]) if contender in found else 1.0
        promise = pair.promises.get(contender)
        table.add_row(
            contender,
            f"{median_cost(costs, 'cpu') * 1e6:,.2f}",
            f"{median_cost(costs, 'wall') * 1e6:,.2f}",
            f"[{'red' if promise is not None and ratio < promise else 'default'}]{ratio:.1f}[/]",
            "" if promise is None else f"{promise:g}",
            f"{max(each.peak_bytes for each in costs) / 1e6:.0f}",
            ", ".join(f"{what} {count:,.10g}" for what, count in costs[-1].counts.items()),
        )
    for contender, costs in sweeps.items():
        slope = exponent([each.size for each in costs], [getattr(each, pair.measure) for each in costs])
        sizes = ", ".join(
            f"{each.size:,}: {getattr(each, pair.measure):.3g} s, {each.peak_bytes / 1e6:.0f} MB" for each in costs
        )
        table.caption = f"{table.caption or ''}{contender}, {pair.measure} grows with size^{slope:.2f} ({sizes})\n"
    table.caption_justify = "left"
    return table


def document(pair: Pair, rounds: Mapping[str, list[Cost]], sweeps: Mapping[str, list[Cost]]) -> dict[str, Any]:
    """What the JSON holds of a pair."""
    return {
        "unit": pair.unit,
        "measure": pair.measure,
        "promises": dict(pair.promises),
        "ratios": {name: {"median": median(each), "rounds": each} for name, each in ratios(pair, rounds).items()},
        "rounds": {name: [asdict(cost) for cost in costs] for name, costs in rounds.items()},
        "sweeps": {
            name: {
                "exponent": exponent([each.size for each in costs], [getattr(each, pair.measure) for each in costs]),
                "runs": [asdict(cost) for cost in costs],
            }
            for name, costs in sweeps.items()
        },
    }


def main() -> int:
    """The command line; exit code 1 when a promise is broken, except with ``--quick``."""
    pairs = find_pairs()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pair", choices=sorted(pairs), action="append", help="only this one; may be repeated")
    parser.add_argument("--rounds", type=int, default=5, help="(default: 5)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the sizes: to see that it runs")
    parser.add_argument("--no-sweep", action="store_true", help="without the sizes over which the growth is fitted")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        raise UserError("--rounds must be above 0")
    divisor = 10 if arguments.quick else 1
    result: dict[str, Any] = {"processors": os.cpu_count(), "pairs": {}}
    broken = []
    for name in arguments.pair or sorted(pairs):
        pair = pairs[name]
        rounds = run_rounds(name, pair, arguments.rounds, divisor)
        sweeps = {} if arguments.no_sweep else run_sweeps(name, pair, divisor)
        console.print(describe(name, pair, rounds, sweeps))
        result["pairs"][name] = document(pair, rounds, sweeps)
        found = ratios(pair, rounds)
        broken += [f"{name}: {each}" for each, least in pair.promises.items() if median(found[each]) < least]
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_atomically(FOLDER / "fast-paths.json", json.dumps(result, indent=2) + "\n")
    write_atomically(FOLDER / "fast-paths.svg", draw(result["pairs"]))
    console.print(f"written: {FOLDER / 'fast-paths.json'}, {FOLDER / 'fast-paths.svg'}", highlight=False)
    if broken and not arguments.quick:
        console.print(f"[red]below what is promised: {', '.join(broken)}[/]")
        return 1
    return 0


if __name__ == "__main__":
    run_program(main)
