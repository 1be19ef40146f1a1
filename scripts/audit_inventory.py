# ruff: noqa: S608 - SQL in memory, made from the catalogue and quoted names of files
"""Audits the data lake's tags from an inventory in Parquet (``make audit``): no call of S3, any number of objects.

    python -m scripts.audit_inventory <folder, file or glob>

The rows are those of an S3 Metadata live inventory table
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/metadata-tables-inventory-schema.html), exported as
docs/runbooks/tag-auditor.md says. Words, verdicts and figures are those of the function tag_auditor, and so are the
rules: SQL made from the catalogue finds the objects that are surely right; ``tag_auditor.domain.judge`` sees the rest.

Exit codes: 0 nothing to mend, 1 there are findings, or the inventory cannot be audited.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from glob import glob
from pathlib import Path
from typing import IO, Any

import duckdb
from rich.console import Console
from rich.progress import Progress as Bar
from rich.table import Table

from scripts.paths import BUILD, REPOSITORY
from scripts.talk import EXIT_FAILURE, UserError, make_console, run_program

sys.path.insert(0, str(REPOSITORY / "lambda_src"))

from common.catalogue import Catalogue, DataClass, load
from tag_auditor.config import DEFAULT_GRACE_MINUTES
from tag_auditor.domain import FINDINGS, Entry, Verdict, aim_of, judge
from tag_auditor.progress import Progress, figures, finding_count

FOLDER = BUILD / "audit"
RUNBOOK = "docs/runbooks/tag-auditor.md"
GRACE = timedelta(minutes=DEFAULT_GRACE_MINUTES)
COLUMNS = ("bucket", "key", "is_delete_marker", "last_modified_date", "object_tags")
# Either says which version is the current one: the export does, or the order of the versions of a key.
CURRENT, ORDER = "is_current", "sequence_number"
MEMORY = "1GB"
# So many rows go to the judge at once.
BATCH = 10_000
# What is longer is left to the judge: below it, no limit of keys, names or tags is met.
_SURE_BYTES = 255
# Groups that are not kept: a fifth of the time of a pattern.
_IDENTIFIER = "[a-z0-9]+(?:-[a-z0-9]+)*"
_WORD = "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"


@dataclass
class Audit:
    """What was found. ``newest`` is the last change of any object: the inventory is at least so new."""

    bucket: str
    newest: datetime
    progress: Progress = field(default_factory=Progress)
    judged: int = 0
    """Rows that SQL could not be sure of."""


def surely_right(catalogue: Catalogue) -> str:
    """An SQL expression over ``key`` and ``object_tags``: the class of what is surely tagged rightly, else NULL.

    Sufficient and not necessary: a well-formed ASCII key with exactly the governed tags. The key is compared with what
    the tags say, which takes half the time of taking it apart. Underscores end the elements of a name, so no folder may
    have one.
    """
    cases = " ".join(f"WHEN {_text(each.name)} THEN {_of_class(each)}" for each in catalogue.classes.values())
    return f"CASE object_tags['data_class'] {cases} END"


def _of_class(data_class: DataClass) -> str:
    prefix = re.escape(data_class.prefix)
    project, site = "object_tags['project']", "object_tags['site']"
    if data_class.is_named_by_folders:
        name = "[A-Za-z0-9_][A-Za-z0-9._-]*"
        pattern = f"{prefix}/{_IDENTIFIER}/{_IDENTIFIER}(?:/{name})+"
        same = (
            f"starts_with(key, {_text(data_class.prefix + '/')} || {project} || '/' || {site} || '/')",
            f"NOT contains({project}, '/')",
            f"NOT contains({site}, '/')",
        )
    else:
        extensions = "|".join(re.escape(each) for each in sorted(data_class.extensions))
        pattern = (
            f"{prefix}/{_IDENTIFIER}/(?:[A-Za-z0-9][A-Za-z0-9.-]*/)*"
            f"{data_class.code}_{_IDENTIFIER}_{_IDENTIFIER}(?:_{_WORD})+\\.(?:{extensions})"
        )
        # The name is the only part with underscores: a project that fits has neither one nor a slash.
        same = (
            f"starts_with(key, {_text(data_class.prefix + '/')} || {project} || '/')",
            f"contains(key, {_text(f'/{data_class.code}_')} || {project} || '_' || {site} || '_')",
            f"NOT contains({site}, '_')",
        )
    right = " AND ".join(
        (
            "cardinality(object_tags) = 4",
            f"object_tags['sensitivity'] = {_text(data_class.sensitivity)}",
            *same,
            f"strlen(key) <= {_SURE_BYTES}",
            f"regexp_full_match(key, {_text(pattern)})",
        )
    )
    return f"CASE WHEN {right} THEN {_text(data_class.name)} END"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _texts(values: list[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"


def find_files(inventory: str) -> list[str]:
    """The Parquet files of a folder, or those a glob names. UserError where there are none."""
    path = Path(inventory)
    # Athena's UNLOAD gives its files no ending.
    found = [str(each) for each in path.rglob("*")] if path.is_dir() else glob(inventory, recursive=True)  # noqa: PTH207 - may be absolute
    files = sorted(each for each in found if Path(each).is_file() and not Path(each).name.startswith((".", "_")))
    if not inventory or not files:
        raise UserError(f"no Parquet files at INVENTORY={inventory}: name a folder or a glob; how to export: {RUNBOOK}")
    return files


def connect(scratch: str) -> duckdb.DuckDBPyConnection:
    """A database in memory that writes to the folder ``scratch`` what does not fit."""
    return duckdb.connect(
        config={
            "memory_limit": MEMORY,
            "temp_directory": scratch,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
        }
    )


def audit(files: list[str], out: IO[str], console: Console, catalogue: Catalogue | None = None) -> Audit:
    """Judge the current object of every key and write each finding as a JSON line.

    Raises:
        UserError: a file is torn or lacks a column, rows lack values, or several buckets are mixed.
    """
    catalogue = catalogue or load()
    if sorted(catalogue.governed_tags) != ["data_class", "project", "sensitivity", "site"]:
        raise UserError("the catalogue governs other tags than surely_right of scripts/audit_inventory.py knows of")
    with tempfile.TemporaryDirectory(dir=_made(FOLDER)) as scratch, connect(scratch) as database:
        columns = [_columns(database, each) for each in files]
        orders = [each for each, names in zip(files, columns, strict=True) if CURRENT not in names]
        found = _summary(database, files)
        if orders:
            console.print("picking the current version of each key (the export can do that: see the runbook)")
            files = [_pick_current(database, files, scratch)]
        with Bar(console=console, transient=True) as bar:
            for each in bar.track(files, description="audit"):
                _look_at(database, each, catalogue, found, out)
    return found


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _ask(database: duckdb.DuckDBPyConnection, sql: str, where: str) -> duckdb.DuckDBPyConnection:
    try:
        return database.execute(sql)
    except duckdb.Error as error:
        raise UserError(
            f"{where} cannot be read as an inventory: {error}\nexport it again as {RUNBOOK} says"
        ) from error


def _columns(database: duckdb.DuckDBPyConnection, file: str) -> dict[str, str]:
    """The columns of a file with their types. UserError names what is missing or of another type."""
    rows = _ask(database, f"DESCRIBE SELECT * FROM read_parquet({_text(file)})", file).fetchall()
    columns = {str(row[0]): str(row[1]) for row in rows}
    missing = [each for each in COLUMNS if each not in columns]
    if CURRENT not in columns and ORDER not in columns:
        missing.append(f"{CURRENT} (or {ORDER})")
    if missing:
        raise UserError(f"{file} lacks {', '.join(missing)}: export the table as {RUNBOOK} says")
    if columns["object_tags"] != "MAP(VARCHAR, VARCHAR)" or not columns["last_modified_date"].startswith("TIMESTAMP"):
        raise UserError(
            f"{file}: object_tags is {columns['object_tags']} and last_modified_date {columns['last_modified_date']},"
            f" not MAP(VARCHAR, VARCHAR) and TIMESTAMP: export the table as {RUNBOOK} says"
        )
    return columns


def _summary(database: duckdb.DuckDBPyConnection, files: list[str]) -> Audit:
    sql = f"SELECT min(bucket), max(bucket), epoch_us(max(last_modified_date)) FROM read_parquet({_texts(files)})"
    first, last, newest = _ask(database, sql, files[0]).fetchall()[0]
    if first is None or newest is None:
        raise UserError(f"the inventory at {Path(files[0]).parent} has no rows: export the table as {RUNBOOK} says")
    if first != last:
        raise UserError(f"the inventory mixes buckets ({first}, {last}): export each into a folder of its own")
    return Audit(first, _moment(newest))


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC)


def _pick_current(database: duckdb.DuckDBPyConnection, files: list[str], scratch: str) -> str:
    """The last version of each key in one file. ``sequence_number`` orders the versions of a key as texts."""
    current = f"{scratch}/current.parquet"
    row = "{m: is_delete_marker, d: last_modified_date, t: object_tags}"
    latest = f"SELECT key, arg_max({row}, sequence_number) AS r FROM read_parquet({_texts(files)}) GROUP BY key"
    columns = "key, true AS is_current, r.m AS is_delete_marker, r.d AS last_modified_date, r.t AS object_tags"
    sql = f"SELECT {columns} FROM ({latest})"
    _ask(database, f"COPY ({sql}) TO {_text(current)} (FORMAT parquet)", files[0])
    return current


def _look_at(database: duckdb.DuckDBPyConnection, file: str, catalogue: Catalogue, found: Audit, out: IO[str]) -> None:
    """One file: what SQL is not sure of is judged. Of what is marked as a class, the others are surely right."""
    rows = f"read_parquet({_text(file)}) WHERE is_current AND NOT coalesce(is_delete_marker, false)"
    marked = _ask(database, f"SELECT object_tags['data_class'], count(*) FROM {rows} GROUP BY ALL", file).fetchall()
    names = {each.name for each in catalogue.classes.values()}
    right = Counter({name: count for name, count in marked if name in names})
    unsure = f"SELECT key, epoch_us(last_modified_date), object_tags FROM {rows} AND {surely_right(catalogue)} IS NULL"
    for key, modified, present in _batches(_ask(database, unsure, file)):
        found.judged += 1
        if key is None or modified is None:
            raise UserError(f"{file} has a row without key or last_modified_date (key: {key}): export the table again")
        right[(present or {}).get("data_class")] -= 1
        entry = Entry(key, _moment(modified))
        aim = aim_of(entry, catalogue)
        if aim is None:
            continue
        judgement = judge(aim, present or {}, entry.modified, found.newest, GRACE, catalogue)
        found.progress.add(judgement)
        if judgement.verdict in FINDINGS and not judgement.is_fresh:
            out.write(json.dumps(judgement.as_line(), ensure_ascii=False) + "\n")
    for name, count in (+right).items():
        found.progress.classes.setdefault(name, Counter())[Verdict.RIGHT] += count


def _batches(rows: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while batch := rows.fetchmany(BATCH):
        yield from batch


def show(found: Audit, report: Path, console: Console, now: datetime) -> None:
    """The table of classes and verdicts, and how old the inventory is."""
    classes, total = found.progress.classes, found.progress.total()
    verdicts = [each for each in Verdict if total[each]]
    table = Table(title=f"tags in {found.bucket}", title_justify="left")
    table.add_column("class")
    for heading in (*(each.value.replace("_", " ") for each in verdicts), "coverage", "correctness"):
        table.add_column(heading, justify="right")
    for name, counts in [*sorted(classes.items()), ("all", total)]:
        numbers = figures(counts)
        percents = (f"{numbers[each]:g} %" for each in ("TagCoverage", "TagCorrectness"))
        table.add_row(name, *(f"{counts[each]:,}" for each in verdicts), *percents)
    console.print(table)
    console.print(
        f"newest change in the inventory: {found.newest:%Y-%m-%d %H:%M} UTC, {_age(now - found.newest)} ago;"
        f" {found.progress.fresh:,} objects are too new to be judged; {found.judged:,} rows went to the rule engine",
        highlight=False,
    )
    count = finding_count(total)
    console.print(f"{count:,} findings: {report}" if count else "nothing to mend", highlight=False, soft_wrap=True)


def _age(age: timedelta) -> str:
    hours = age / timedelta(hours=1)
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.0f} days"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="audit_inventory", description=__doc__)
    parser.add_argument("inventory", help="folder, file or glob of Parquet files")
    arguments = parser.parse_args()
    console = make_console()
    files = find_files(arguments.inventory)
    report = _made(FOLDER) / "findings.jsonl"
    with report.open("w", encoding="utf-8") as out:
        found = audit(files, out, console)
    show(found, report, console, datetime.now(UTC))
    return EXIT_FAILURE if finding_count(found.progress.total()) else 0


if __name__ == "__main__":
    run_program(main)
