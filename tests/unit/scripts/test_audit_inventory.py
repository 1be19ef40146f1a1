"""An audit from an inventory says what the judge of tag_auditor says of every row, and refuses what is no inventory."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from common import catalogue as catalogues
from scripts import audit_inventory
from scripts.talk import UserError
from tag_auditor.domain import FINDINGS, Entry, aim_of, judge
from tag_auditor.progress import Progress

CATALOGUE = catalogues.load()
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=3)
GOOD = "raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_T001_R1.fastq.gz"
TAGS = {"data_class": "raw_sequence", "sensitivity": "controlled", "project": "lambda-phage", "site": "hyd-01"}

type Row = tuple[str, str | None, bool | None, datetime | None, Mapping[str, str] | None, Any]


def row(key: str | None, tags: Mapping[str, str] | None, modified: datetime | None = OLD, **other: Any) -> Row:
    marker, current = other.get("marker", False), other.get("current", True)
    return (other.get("bucket", "lake"), key, marker, modified, tags, current)


def write(path: Path, rows: Sequence[Row], last: str = "is_current BOOLEAN", leave_out: str = "") -> None:
    with duckdb.connect() as database:
        database.execute(
            "CREATE TABLE t (bucket VARCHAR, key VARCHAR, is_delete_marker BOOLEAN, last_modified_date TIMESTAMP,"
            f" object_tags MAP(VARCHAR, VARCHAR), {last})"
        )
        for bucket, key, marker, modified, tags, current in rows:
            naive = modified and modified.replace(tzinfo=None)
            pairs = None if tags is None else {"key": list(tags), "value": list(tags.values())}
            sql = "INSERT INTO t VALUES (?, ?, ?, ?, " + ("NULL" if pairs is None else "map(?, ?)") + ", ?)"
            maps = [] if pairs is None else [pairs["key"], pairs["value"]]
            database.execute(sql, [bucket, key, marker, naive, *maps, current])
        columns = f"* EXCLUDE ({leave_out})" if leave_out else "*"
        database.execute(f"COPY (SELECT {columns} FROM t) TO '{path}' (FORMAT parquet)")


def audit(*files: Path) -> tuple[audit_inventory.Audit, list[dict[str, Any]]]:
    out = io.StringIO()
    found = audit_inventory.audit([str(each) for each in files], out, Console(quiet=True))
    out.seek(0)
    return found, [json.loads(line) for line in out]


ELEMENTS = st.sampled_from(
    ["lambda-phage", "hyd-01", "p", "P", "a--b", "-a", "a_b", "ünï", "K", "x" * 130, "a" * 257, "", ".", "..", "a\nb",
     "a\x00b", "S001", "rs", "rs_p_hyd-01_S1", ".hidden", ".aws-datasync-metadata", "a b", "a'b", "1", "\u0661"]
)  # fmt: skip
PREFIXES = st.sampled_from([*(each.prefix for each in CATALOGUE.classes.values()), "Raw-sequences", "", "other"])
CODES = st.sampled_from([*CATALOGUE.classes, "RS", "zz", ""])
EXTENSIONS = st.sampled_from(
    [*sorted({each for one in CATALOGUE.classes.values() for each in one.extensions}), "FASTQ.GZ", "exe", "", "gz\n"]
)


@st.composite
def keys(draw: st.DrawFn) -> str:
    """Mostly good names, with up to two faults of chance."""
    data_class = draw(st.sampled_from(list(CATALOGUE.classes.values())))
    project = draw(st.sampled_from(["p", "lambda-phage", "a-1"]))
    parts = {
        "prefix": data_class.prefix,
        "project": project,
        "folder": draw(st.sampled_from(["", "run-1/", "a.b/c/", "with_underscore/", "rs_p_hyd-01_S1/"])),
        "code": data_class.code,
        "again": project,
        "site": draw(st.sampled_from(["hyd-01", "s", "del"])),
        "sample": draw(st.sampled_from(["S001", "S001_R1", "a-b_c_d"])),
        "extension": draw(st.sampled_from(sorted(data_class.extensions) or ["RData"])),
    }
    strategies = {"prefix": PREFIXES, "code": CODES, "extension": EXTENSIONS}
    for name in draw(st.lists(st.sampled_from(sorted(parts)), max_size=2)):
        parts[name] = draw(strategies.get(name, ELEMENTS))
    if data_class.is_named_by_folders:
        shape = "{prefix}/{project}/{site}/{folder}{sample}.{extension}"
    else:
        shape = "{prefix}/{project}/{folder}{code}_{again}_{site}_{sample}.{extension}"
    key = shape.format(**parts)
    return draw(st.sampled_from([key] * 8 + [key + "/", key + "\n", key + "x" * 1000, "/" + key, ""]))


TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """A key, and the tags its name calls for, with up to two faults of chance."""
    key = draw(st.one_of(keys(), keys(), keys(), TEXTS))
    aim = aim_of(Entry(key, OLD), CATALOGUE)
    tags = dict(aim.tags) if aim else {}
    names = st.one_of(st.sampled_from([*CATALOGUE.governed_tags, "Project", "SITE", "Data_Class", "study"]), TEXTS)
    values = st.one_of(
        st.sampled_from(
            [*(each.name for each in CATALOGUE.classes.values()), *CATALOGUE.sensitivities, "unclassified", "s_S001"]
        ),
        ELEMENTS, TEXTS,
    )  # fmt: skip
    for change in draw(st.lists(st.sampled_from(["set", "drop", "ten", "clear", "raise"]), max_size=2)):
        match change:
            case "set":
                tags[draw(names)] = draw(values)
            case "drop":
                tags.pop(draw(names), None)
            case "ten":
                tags |= {f"their-{number}": "x" for number in range(10 - draw(st.integers(0, 5)))}
            case "clear":
                tags = {}
            case "raise":
                tags |= {"data_class": "clinical_record", "sensitivity": draw(st.sampled_from(CATALOGUE.sensitivities))}
    return row(
        key, draw(st.sampled_from([tags, tags, tags, tags or None])),
        draw(st.sampled_from([OLD, OLD, NOW, NOW - audit_inventory.GRACE, NOW - timedelta(minutes=1)])),
        marker=draw(st.sampled_from([False, False, False, None, True])),
        current=draw(st.sampled_from([True, True, True, False])),
    )  # fmt: skip


FOLDERS = next(each for each in CATALOGUE.classes.values() if each.is_named_by_folders)


@pytest.mark.parametrize(
    ("key", "marks"),
    [
        (GOOD, {"site": "hyd-01_T001"}),
        (GOOD, {"site": ""}),
        (GOOD, {"project": "lambda-phage/rs_lambda-phage", "site": "T001"}),
        ("raw-sequences/p/q/rs_p_hyd-01_T001_R1.fastq.gz", {"project": "p/q", "site": "hyd-01"}),
        (f"{FOLDERS.prefix}/p/hyd-01/run/x.RData", {"project": "p/hyd-01", "site": "run"}),
        (f"{FOLDERS.prefix}/p/hyd-01/run/x.RData", {"project": "p", "site": "hyd-01/run"}),
    ],
)
def test_tags_that_read_on_in_the_key_are_wrong(tmp_path: Path, key: str, marks: dict[str, str]) -> None:
    aim = aim_of(Entry(key, OLD), CATALOGUE)
    assert aim is not None
    path = tmp_path / "rows"
    write(path, [row(key, dict(aim.tags) | marks), row(key + "x", {}, NOW)])
    found, lines = audit(path)
    assert [(each["key"], each["finding"]) for each in lines] == [(key, "wrong")]
    assert found.judged == 2


@settings(max_examples=30)
@example([row(GOOD, TAGS | {"data_class": "\x85"})])
@given(st.lists(rows(), min_size=1, max_size=60))
def test_the_inventory_is_judged_as_the_function_judges(
    tmp_path_factory: pytest.TempPathFactory, given_rows: list[Row]
) -> None:
    path = tmp_path_factory.mktemp("inventory") / "rows"
    write(path, given_rows)
    newest = max(each[3] for each in given_rows if each[3])
    expected, lines = Progress(), []
    for _, key, marker, modified, tags, current in given_rows:
        assert key is not None
        assert modified is not None
        aim = aim_of(Entry(key, modified), CATALOGUE)
        if marker or not current or aim is None:
            continue
        judgement = judge(aim, tags or {}, modified, newest, audit_inventory.GRACE, CATALOGUE)
        expected.add(judgement)
        if judgement.verdict in FINDINGS and not judgement.is_fresh:
            lines.append(judgement.as_line())
    found, written = audit(path)
    assert (found.progress.classes, found.progress.fresh) == (expected.classes, expected.fresh)
    order = lambda line: json.dumps(line, sort_keys=True)  # noqa: E731
    assert sorted(written, key=order) == sorted(json.loads(json.dumps(lines)), key=order)


def test_well_named_objects_of_every_class_never_reach_the_judge(tmp_path: Path) -> None:
    """Else an audit of a large lake would take hours."""
    well_named = []
    for each in CATALOGUE.classes.values():
        name = f"{each.prefix}/p/run-1/{each.code}_p_hyd-01_S1_R1.{min(each.extensions, default='')}"
        key = f"{each.prefix}/p/hyd-01/x/.y.R" if each.is_named_by_folders else name
        key = key.replace("/.y", "/y")
        tags = {"data_class": each.name, "sensitivity": each.sensitivity, "project": "p", "site": "hyd-01"}
        well_named.append(row(key, tags))
    write(tmp_path / "rows", well_named)
    found, lines = audit(tmp_path / "rows")
    assert found.judged == 0
    assert found.progress.total() == {"right": len(CATALOGUE.classes)}
    assert lines == []


def test_of_several_versions_the_last_counts_and_not_if_it_is_a_delete_marker(tmp_path: Path) -> None:
    gone, kept = GOOD.replace("T001", "T002"), GOOD
    versions = [row(kept, TAGS, current="02"), row(kept, {}, current="01"),
                row(gone, {}, current="01"), row(gone, None, marker=True, current="02")]  # fmt: skip
    write(tmp_path / "one", versions[::2], "sequence_number VARCHAR")
    write(tmp_path / "two", versions[1::2], "sequence_number VARCHAR")
    found, _ = audit(tmp_path / "one", tmp_path / "two")
    assert found.progress.classes == {"raw_sequence": {"right": 1}}


def test_what_is_no_inventory_is_refused_with_what_and_where(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    with pytest.raises(UserError, match="no Parquet files at INVENTORY="):
        audit_inventory.find_files(str(tmp_path))
    for column in ("object_tags", "is_current"):
        write(path, [row(GOOD, TAGS)], leave_out=column)
        with pytest.raises(UserError, match=f"{re.escape(str(path))} lacks {column}"):
            audit(path)
    write(path, [row(GOOD, TAGS), row(GOOD, TAGS, bucket="other")])
    with pytest.raises(UserError, match=r"mixes buckets \(lake, other\)"):
        audit(path)
    write(path, [row(GOOD, TAGS), row(GOOD, TAGS, None)])
    assert audit(path)[0].progress.total() == {"right": 2}
    write(path, [row(GOOD, TAGS), row(GOOD, {}, None)])
    with pytest.raises(UserError, match="without key or last_modified_date"):
        audit(path)
    write(path, [])
    with pytest.raises(UserError, match="has no rows"):
        audit(path)
    write(path, [row(f"{GOOD}{number}", TAGS) for number in range(50)])
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with pytest.raises(UserError, match=re.escape(str(path))):
        audit(path)


def test_the_command_prints_figures_and_age_and_ends_with_1_when_there_are_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory = tmp_path / "inventory"
    inventory.mkdir()
    monkeypatch.setattr(audit_inventory, "FOLDER", tmp_path / "audit")
    monkeypatch.setattr("sys.argv", ["audit_inventory", str(inventory)])
    write(inventory / "rows", [row(GOOD, TAGS, NOW), row(GOOD, {"site": "x"})])
    assert audit_inventory.main() == 1
    said = capsys.readouterr().out
    assert "raw_sequence" in said
    assert "50 %" in said
    assert "2026-01-15 12:00 UTC" in said
    lines = (tmp_path / "audit" / "findings.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"key": GOOD, "finding": "incomplete", "present": {"site": "x"}, "wanted": TAGS}
    ]
    write(inventory / "rows", [row(GOOD, TAGS)])
    assert audit_inventory.main() == 0
    assert "nothing to mend" in capsys.readouterr().out
