"""What functions remember: documents with conditional writes, runs in slices, and reports for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from common.reports import ReportStore
from common.runs import RunDone, Runs, RunUnderWay
from common.state import Remembered, StateConflict, StateStore, StateUnreadable
from tests.functional.functions.conftest import REPORTS

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


@pytest.fixture
def store(s3: Any) -> StateStore:
    return StateStore(s3, REPORTS, "tag_auditor")


def test_nothing_is_remembered_at_first(store: StateStore) -> None:
    assert store.read("run") == Remembered({}, None)


def test_what_is_written_is_read_and_lies_below_the_functions_name(store: StateStore) -> None:
    etag = store.write("run", {"name": "नमूना"}, None)
    assert store.read("run") == Remembered({"name": "नमूना"}, etag)
    listed = boto3.client("s3").list_objects_v2(Bucket=REPORTS)["Contents"]
    assert [each["Key"] for each in listed] == ["automation-state/tag_auditor/run.json"]


def test_of_two_that_make_a_document_one_wins(store: StateStore) -> None:
    store.write("run", {"winner": 1}, None)
    with pytest.raises(StateConflict, match=r"automation-state/tag_auditor/run\.json"):
        store.write("run", {"winner": 2}, None)
    assert store.read("run").document == {"winner": 1}


def test_a_write_on_an_older_version_changes_nothing(store: StateStore) -> None:
    old = store.write("run", {"count": 1}, None)
    store.write("run", {"count": 2}, old)
    with pytest.raises(StateConflict):
        store.write("run", {"count": 3}, old)
    assert store.read("run").document == {"count": 2}


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff"])
def test_a_document_somebody_else_wrote_is_an_error_that_names_it(store: StateStore, body: bytes) -> None:
    boto3.client("s3").put_object(Bucket=REPORTS, Key=store.key("run"), Body=body)
    with pytest.raises(StateUnreadable, match=r"s3://.*/automation-state/tag_auditor/run\.json"):
        store.read("run")


def test_a_run_is_opened_once_continued_and_closed(store: StateStore) -> None:
    runs = Runs(store)
    assert runs.find() is None
    run = runs.open("2026-11-24", NOW, {"prefix": "raw-sequences/"})
    run = runs.save(run, {"after": "key-1"})
    again = runs.find()
    assert again == run
    assert again is not None
    assert (again.id, again.opened_at, again.slices) == ("2026-11-24", NOW, 1)
    assert (again.parameters, again.progress) == ({"prefix": "raw-sequences/"}, {"after": "key-1"})
    runs.close(again, NOW + timedelta(hours=1), {"objects": 7})
    assert runs.find() is None
    last = runs.last()
    assert last is not None
    assert (last["id"], last["result"]) == ("2026-11-24", {"objects": 7})


def test_a_doubled_call_opens_no_second_run(store: StateStore) -> None:
    runs = Runs(store)
    run = runs.open("2026-11-24", NOW, {})
    with pytest.raises(RunUnderWay, match="2026-11-24"):
        runs.open("2026-11-24", NOW, {})
    runs.close(run, NOW, {})
    with pytest.raises(RunDone, match="2026-11-24"):
        runs.open("2026-11-24", NOW, {})
    assert runs.open("2026-11-25", NOW, {}).id == "2026-11-25"


def test_of_two_invocations_that_continue_a_run_one_loses(store: StateStore) -> None:
    runs = Runs(store)
    run = runs.open("r", NOW, {})
    saved = runs.save(run, {"after": "a"})
    with pytest.raises(StateConflict):
        runs.save(run, {"after": "b"})
    with pytest.raises(StateConflict):
        runs.close(run, NOW, {})
    assert runs.find() == saved


def test_the_run_before_is_remembered_while_the_next_is_open(store: StateStore) -> None:
    runs = Runs(store)
    runs.close(runs.open("one", NOW, {}), NOW, {"objects": 1})
    run = runs.save(runs.open("two", NOW, {}), {"after": "k"})
    last = runs.last()
    assert last is not None
    assert last["id"] == "one"
    runs.close(run, NOW, {})


def test_a_report_is_named_by_function_and_day_and_its_address_is_given(store: StateStore) -> None:
    reports = ReportStore(boto3.client("s3"), REPORTS, "tag_auditor")
    address = reports.write(NOW, "findings.csv", b"key\n", "text/csv")
    assert address == f"s3://{REPORTS}/automation-reports/tag_auditor/2026/11/24/findings.csv"
    key = address.removeprefix(f"s3://{REPORTS}/")
    assert boto3.client("s3").get_object(Bucket=REPORTS, Key=key)["Body"].read() == b"key\n"
