"""What Snakemake runs for its executor cluster-generic; the working directory is the directory of the run.

python -m pipelines.kubernetes submit SCRIPT     prints the name of the Job
python -m pipelines.kubernetes status NAME       prints running, success or failed
python -m pipelines.kubernetes cancel NAME...
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipelines.kubernetes import cluster
from pipelines.kubernetes.jobs import JobError


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.kubernetes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("submit").add_argument("script", type=Path)
    commands.add_parser("status").add_argument("name")
    commands.add_parser("cancel").add_argument("names", nargs="+")
    arguments = parser.parse_args(argv)
    try:
        if arguments.command == "submit":
            print(cluster.submit(arguments.script, Path.cwd()))
        elif arguments.command == "status":
            print(cluster.status(arguments.name, Path.cwd()))
        else:
            cluster.cancel(arguments.names)
    except JobError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
