"""What of a project is in the data lake (``make lake``): each object with its tags, and whether it is copied.

    python -m scripts.lake --env dev --project ecoli-evolution [--newest 50]

Exit codes: 0 shown, 1 there is nothing of the project.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from pipelines.naming import catalogue
from scripts.handoff import client, read_handoff
from scripts.infrastructure.environments import load_environment
from scripts.object_tags import tags_of
from scripts.talk import EXIT_FAILURE, UserError, make_console, run_program

READERS = 16


@dataclass(frozen=True)
class Shown:
    """An object of the lake; ``replica`` is S3's word (COMPLETED, PENDING, FAILED) or empty where no rule takes it."""

    key: str
    size: int
    changed: datetime
    tags: dict[str, str]
    replica: str


def objects_of(s3: Any, bucket: str, project: str, newest: int) -> list[Shown]:
    """The newest objects of a project, in the prefixes of all data classes."""
    listed = sorted(_listed(s3, bucket, project), key=lambda each: each["LastModified"], reverse=True)[:newest]

    def look(each: dict[str, Any]) -> Shown:
        key = each["Key"]
        replica = s3.head_object(Bucket=bucket, Key=key).get("ReplicationStatus", "")
        return Shown(key, each["Size"], each["LastModified"], tags_of(s3, bucket, key), replica)

    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(look, listed))


def _listed(s3: Any, bucket: str, project: str) -> Iterator[dict[str, Any]]:
    pages = s3.get_paginator("list_objects_v2")
    for data_class in catalogue().classes.values():
        for page in pages.paginate(Bucket=bucket, Prefix=f"{data_class.prefix}/{project}/"):
            yield from page.get("Contents", [])


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="lake", description=__doc__)
    parser.add_argument("--env", default="local")
    parser.add_argument("--project", required=True)
    parser.add_argument("--newest", type=int, default=50, help="at most so many (default: 50)")
    arguments = parser.parse_args()
    if not arguments.project:
        raise UserError("which project? make lake PROJECT=<name>")
    if arguments.newest < 1:
        raise UserError(f"--newest {arguments.newest}: give 1 or more")
    environment, console = load_environment(arguments.env), make_console()
    bucket = read_handoff(environment, "20-storage")["lake_bucket"]
    shown = objects_of(client(environment, "s3"), bucket, arguments.project, arguments.newest)
    if not shown:
        console.print(
            f"nothing of {arguments.project} is in {bucket} yet; the transfer copies what is published every half hour",
            highlight=False,
        )
        return EXIT_FAILURE
    table = Table(title=f"{arguments.project} in {bucket}, the newest {len(shown)}", title_justify="left")
    table.add_column("object", no_wrap=True)
    table.add_column("bytes", justify="right")
    for name in ("changed", "tags", "replica"):
        table.add_column(name)
    for each in shown:
        tags = " ".join(f"{name}={value}" for name, value in sorted(each.tags.items())) or "none yet"
        table.add_row(
            Text(each.key), f"{each.size:,}", f"{each.changed:%Y-%m-%d %H:%M}", tags, each.replica.lower() or "-"
        )
    console.print(table)
    return 0


if __name__ == "__main__":
    run_program(main)
