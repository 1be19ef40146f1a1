"""What the steps of the workflow need, measured, and what follows for requests.

python -m scripts.sizing measure [--depths 3 10 30]   run both toolchains on E. coli and keep what each step used
python -m scripts.sizing table                        write the tables of docs/sizing.md from what is kept
python -m scripts.sizing month [--seed 1]             replay a month of genomes; writes its table and docs/month.svg
"""

from __future__ import annotations

import argparse

from rich.table import Table

from scripts.cluster.samples import all_manifests
from scripts.paths import REPOSITORY
from scripts.sizing.compare import compare
from scripts.sizing.measure import DEPTHS, keep, measure, read_measured
from scripts.sizing.picture import draw, rows, table
from scripts.sizing.table import put_into, tables
from scripts.talk import make_console, run_program

PAGE = REPOSITORY / "docs" / "sizing.md"
PICTURE = REPOSITORY / "docs" / "month.svg"
PROMISED = 1.15
"""Processor-hours of nodes to the lower bound, with the fast toolchain, whose image the cluster runs."""


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.sizing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("measure").add_argument("--depths", type=float, nargs="+", default=list(DEPTHS))
    commands.add_parser("table")
    commands.add_parser("month").add_argument("--seed", type=int, default=1, help="of the genomes that come in")
    arguments = parser.parse_args()
    if arguments.command == "measure":
        keep(measure(arguments.depths))
    if arguments.command == "month":
        return _month(arguments.seed)
    _write("measured", tables(read_measured()))
    return 0


def _month(seed: int) -> int:
    manifests = all_manifests("prod")
    compared = [compare(read_measured(), toolchain, manifests, seed) for toolchain in ("fast", "classic")]
    shown = Table(title=f"A month of genomes, processor-hours (seed {seed})", title_justify="left")
    for name in ("", *(each.toolchain for each in compared)):
        shown.add_column(name, justify="right" if name else "left")
    for row in rows(compared):
        shown.add_row(*row)
    make_console().print(shown)
    _write("month", table(compared))
    PICTURE.write_text(draw(compared[0]), encoding="utf-8")
    print(f"written: {PICTURE.relative_to(REPOSITORY)}")
    ratio = compared[0].month.ratio
    if ratio > PROMISED:
        print(f"the nodes of the fast toolchain are {ratio:.2f} of the lower bound; promised is {PROMISED}")
        return 1
    return 0


def _write(mark: str, text: str) -> None:
    PAGE.write_text(put_into(PAGE.read_text(encoding="utf-8"), mark, text), encoding="utf-8")
    print(f"written: {PAGE.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    run_program(main)
