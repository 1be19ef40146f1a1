"""scripts.audit_inventory finds in an inventory of a bucket what tag_auditor itself finds in the bucket (moto)."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
from rich.console import Console

from scripts import audit_inventory
from scripts.object_tags import tags_of
from tests.functional.functions.conftest import LAKE, Load
from tests.functional.functions.test_tag_auditor import FOLDER, RIGHT, Time, put, reads, report_lines


@pytest.fixture
def auditor(s3: Any, load: Load) -> ModuleType:
    return load("tag_auditor")


def export(s3: Any, path: Path) -> None:
    """Every version of the bucket as a row of an inventory table."""
    listed = s3.list_object_versions(Bucket=LAKE)
    versions = [(each, False) for each in listed["Versions"]] + [(each, True) for each in listed["DeleteMarkers"]]
    with duckdb.connect() as database:
        database.execute(
            "CREATE TABLE t (bucket VARCHAR, key VARCHAR, sequence_number VARCHAR, is_delete_marker BOOLEAN,"
            " last_modified_date TIMESTAMP, object_tags MAP(VARCHAR, VARCHAR))"
        )
        for each, is_marker in versions:
            latest = each["IsLatest"]
            tags = tags_of(s3, LAKE, each["Key"]) if latest and not is_marker else {}
            modified = each["LastModified"].replace(tzinfo=None)
            given = [LAKE, each["Key"], "b" if latest else "a", is_marker, modified, list(tags), list(tags.values())]
            database.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?, map(?::VARCHAR[], ?::VARCHAR[]))", given)
        # A change of tomorrow, as if the lake went on: else all would be too new to be judged.
        database.execute(
            "INSERT INTO t SELECT bucket, 'later', 'a', true, max(last_modified_date) + INTERVAL 1 DAY, NULL"
            " FROM t GROUP BY bucket"
        )
        database.execute(f"COPY t TO '{path}' (FORMAT parquet)")


def test_an_inventory_of_a_bucket_is_audited_as_the_bucket_itself(auditor: ModuleType, s3: Any, tmp_path: Path) -> None:
    put(s3, reads(1), RIGHT)
    put(s3, reads(2), RIGHT + "&study=theirs")
    put(s3, reads(3))
    put(s3, reads(4), RIGHT.replace("lambda-phage", "tb-2026"))
    put(s3, reads(5), "data_class=clinical_record&sensitivity=restricted")
    put(s3, reads(6), "data_class=clinical_record&sensitivity=open")
    put(s3, reads(7), "&".join(f"t{number}=x" for number in range(10)))
    put(s3, reads(8))
    put(s3, reads(8), RIGHT)
    put(s3, reads(9))
    s3.delete_object(Bucket=LAKE, Key=reads(9))
    put(s3, f"{FOLDER}/odd +%,'\u00fc.txt", "data_class=unclassified&sensitivity=restricted")
    put(s3, f"{FOLDER}/")
    put(s3, f"{FOLDER}/.aws-datasync/x")
    export(s3, tmp_path / "rows")
    reply = auditor.auditor.run("audit", Time().clock)
    out = io.StringIO()
    found = audit_inventory.audit([str(tmp_path / "rows")], out, Console(quiet=True))
    result = reply["result"]
    assert {name: dict(each) for name, each in found.progress.classes.items()} == result["classes"]
    assert result["audited"] == 9
    key = lambda line: str(line["key"])  # noqa: E731
    out.seek(0)
    lines = [json.loads(line) for line in out]
    assert sorted(lines, key=key) == sorted(report_lines(s3, reply), key=key)
    assert len(lines) == 4
