"""What the steps of the workflow need, measured, and what follows for requests.

python -m scripts.sizing measure [--depths 3 10 30]   run both toolchains on E. coli and keep what each step used
python -m scripts.sizing table                        write the tables of docs/sizing.md from what is kept
"""

from __future__ import annotations

import argparse

from scripts.paths import REPOSITORY
from scripts.sizing.measure import DEPTHS, keep, measure, read_measured
from scripts.sizing.table import put_into
from scripts.talk import run_program

PAGE = REPOSITORY / "docs" / "sizing.md"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.sizing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("measure").add_argument("--depths", type=float, nargs="+", default=list(DEPTHS))
    commands.add_parser("table")
    arguments = parser.parse_args()
    if arguments.command == "measure":
        keep(measure(arguments.depths))
    PAGE.write_text(put_into(PAGE.read_text(encoding="utf-8"), read_measured()), encoding="utf-8")
    print(f"written: {PAGE.relative_to(REPOSITORY)}")
    return 0


if __name__ == "__main__":
    run_program(main)
