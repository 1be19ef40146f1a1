# ruff: noqa: S608 - SQL of our own, in memory
"""An audit: every object's tags asked of S3 and judged, against one table of all objects (``make audit``).

boto3's GetObjectTagging in 32 threads on a fake S3; the table is a Parquet file as the runbook's export makes it. Of a
thousand objects one has no tags and one a name of no class, so that both have some to judge.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
from rich.console import Console

from benchmarks import fake_s3
from benchmarks.frame import Contender, Counts, Meter, Pair, Setup
from benchmarks.pairs.tagging import THREADS, counts_of, use
from common import catalogue, clients
from common.lake import LakeTags
from common.s3_calls import ReadTags
from common.wire import Steps
from scripts import audit_inventory
from tag_auditor.domain import Entry, Judgement, aim_of, judge

ROW_GROUP = 122_880
# The name of fake_s3.key_of with a sample of letters, and ids as S3 gives: what a large lake would have.
_KEY = (
    "'raw-sequences/p' || lpad((i // 10000)::VARCHAR, 6, '0') || '/rs_' ||"
    " CASE WHEN i % 1000 = 999 THEN 'odd +&' ELSE 'p' || lpad((i // 10000)::VARCHAR, 6, '0') || '_hyd-01_S' END ||"
    " lpad(i::VARCHAR, 9, '0') || '_R1.fastq.gz'"
)
_TAGS = (
    "CASE WHEN i % 1000 = 0 THEN MAP {} ELSE MAP {'data_class': 'raw_sequence', 'sensitivity': 'controlled',"
    " 'project': 'p' || lpad((i // 10000)::VARCHAR, 6, '0'), 'site': 'hyd-01'} END"
)


def make_inventory(path: Path, size: int) -> None:
    """So many rows, in the columns that an audit reads."""
    sql = (
        f"SELECT 'lake' AS bucket, {_KEY} AS key, false AS is_delete_marker,"
        " TIMESTAMP '2026-01-01' + to_seconds(i // 100) AS last_modified_date,"
        f" {_TAGS} AS object_tags, true AS is_current FROM range({size}) AS t(i)"
    )
    with duckdb.connect(config={"memory_limit": "1GB", "preserve_insertion_order": False}) as database:
        database.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})")


def boto3(setup: Setup, size: int, meter: Meter) -> Counts:
    """Ask for the tags of each object, as the plain lake of the functions does."""
    use(setup["address"])
    lake = LakeTags(clients.s3(connections=THREADS), "lake", THREADS)
    classes, now = catalogue.load(), datetime.now(UTC)
    old = now - timedelta(days=1)

    def look(key: str) -> Steps[Judgement]:
        present, _ = yield ReadTags(key, None)
        aim = aim_of(Entry(key, old), classes)
        assert aim is not None
        return judge(aim, present, old, now, audit_inventory.GRACE, classes)

    with meter:
        done = sum(1 for _ in lake.run(look, map(fake_s3.key_of, range(size))))
    assert done == size
    return {"GetObjectTagging": counts_of(setup["address"])["reads"]}


def inventory(setup: Setup, size: int, meter: Meter) -> Counts:
    """Read the table."""
    with meter:
        found = audit_inventory.audit([setup["inventory"]], io.StringIO(), Console(quiet=True))
    audited = found.progress.total().total() + found.progress.fresh
    assert audited == size
    return {"GetObjectTagging": 0, "judged in Python": found.judged}


@contextmanager
def set_up(size: int) -> Iterator[Setup]:
    """A fake S3, and an inventory of so many objects."""
    with tempfile.TemporaryDirectory() as folder, fake_s3.serving() as address:
        path = Path(folder) / "inventory"
        make_inventory(path, size)
        yield {"address": address, "inventory": str(path)}


PAIR = Pair(
    unit="object",
    contenders={
        "boto3, 32 threads": Contender(boto3, size=2_000),
        "inventory": Contender(inventory, sweep=(100_000, 1_000_000, 10_000_000)),
    },
    size=1_000_000,
    promises={"inventory": 50},
    set_up=set_up,
)
