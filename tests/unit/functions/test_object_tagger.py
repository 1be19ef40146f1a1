"""What a task report asks for, and what a run amounts to."""

from __future__ import annotations

import io
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.catalogue import load
from common.classification import Reason
from common.tagging import REMEMBERED, Aim, Outcome, Result, Tally
from object_tagger.domain import aim_of, is_fresh
from object_tagger.report import Entry, ReportUnreadable, folder_of, is_part, read_part, read_unverified
from tests.transfers import SNAPSHOTS, TRANSFER

CATALOGUE = load()
SAMPLE = Path(__file__).parents[2] / "events" / "task-report-transferred.json"
KEY = "raw-sequences/p/rs_p_s_S1.fastq.gz"


def entries(document: object) -> list[Entry]:
    return list(read_part(io.BytesIO(json.dumps(document).encode()), "part.json", TRANSFER))


def test_reads_the_report_sample() -> None:
    with SAMPLE.open("rb") as file:
        first, folder, failed = read_part(file, "sample", TRANSFER)
    assert first == Entry(
        "raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_S001_R1.fastq.gz",
        version_id="VERSION-1",
        is_directory=False,
        was_transferred=True,
    )
    assert folder.is_directory
    assert not failed.was_transferred


def test_reads_a_report_of_enhanced_mode_too() -> None:
    item = {"RelativePath": KEY, "SourceMetadata": {"Type": "Object"}, "TransferStatus": "SUCCESS"}
    assert entries({"Transferred": [item]}) == [Entry(KEY, None, False, True)]


@pytest.mark.parametrize(
    "path", ["a b", "a+b", "a%2Bb", "a%252Bb", "नमूना", "a\nb", "a\tb", "x" * 1024, 'quo"te', "\u2028", "a\\b"]
)
def test_a_path_is_taken_as_it_is(path: str) -> None:
    assert entries({"Transferred": [{"RelativePath": f"/{path}", "TransferStatus": "SUCCESS"}]})[0].key == path


def test_a_report_without_files_is_empty() -> None:
    assert entries({"TaskExecutionId": "exec-1", "Transferred": []}) == []


@pytest.mark.parametrize("text", [b"", b"{", b'{"Transferred": [{"RelativePath": "/a"', b"<xml/>"])
def test_a_report_that_is_cut_off_is_an_error_that_names_it(text: bytes) -> None:
    with pytest.raises(ReportUnreadable, match=r"part\.json"):
        list(read_part(io.BytesIO(text), "part.json", TRANSFER))


@pytest.mark.parametrize("item", [{}, {"RelativePath": ""}, {"RelativePath": 7}, "text", None])
def test_an_entry_without_a_path_is_an_error(item: object) -> None:
    with pytest.raises(ReportUnreadable, match="RelativePath"):
        entries({"Transferred": [item]})


def test_a_long_report_is_read_in_bounded_memory() -> None:
    item = {"RelativePath": f"/{KEY}", "SrcMetadata": {"Type": "Regular", "Mode": "0660"}, "TransferStatus": "SUCCESS"}
    text = json.dumps({"Transferred": [item] * 40_000}).encode()
    tracemalloc.start()
    count = sum(1 for _ in read_part(io.BytesIO(text), "part.json", TRANSFER))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 40_000
    assert peak < 2_000_000 < len(text)


def test_knows_where_the_parts_lie() -> None:
    assert folder_of(TRANSFER, "exec-1") == "task-reports/Detailed-Reports/task-0a1b2c3d4e5f60718/exec-1/"
    assert folder_of(SNAPSHOTS, "exec-1") == "snapshot-reports/Detailed-Reports/task-1b2c3d4e5f6071829/exec-1/"


def test_paths_in_a_report_are_keys_below_the_prefix_of_the_transfer() -> None:
    transferred = {"Transferred": [{"RelativePath": "/p/s/Notes 1.RData", "TransferStatus": "SUCCESS"}]}
    verified = {"Verified": [{"RelativePath": "/p/s/Notes 2.RData", "VerifyStatus": "FAILED"}]}
    (entry,) = read_part(io.BytesIO(json.dumps(transferred).encode()), "part.json", SNAPSHOTS)
    assert entry.key == "snapshots/p/s/Notes 1.RData"
    unverified = read_unverified(io.BytesIO(json.dumps(verified).encode()), "part.json", SNAPSHOTS)
    assert list(unverified) == ["snapshots/p/s/Notes 2.RData"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("exec-1.files-transferred-v1-00001-0a123abc12d3b0e4f.json", True),
        ("exec-1.files-verified-v1-00001-0a123abc12d3b0e4f.json", False),
        ("exec-1.files-skipped-v1-00001-0a.json", False),
        ("exec-2.files-transferred-v1-00001-0a.json", False),
        ("exec-1.files-transferred-v1-00001-0a.json.tmp", False),
    ],
)
def test_takes_only_the_lists_of_transferred_files(name: str, expected: bool) -> None:
    assert is_part(f"reports/Detailed-Reports/task-1/exec-1/{name}", "exec-1", "transferred") is expected


def test_a_file_that_was_not_transferred_is_not_tagged() -> None:
    assert aim_of(Entry(KEY, None, False, False), set(), CATALOGUE) == Result(KEY, Outcome.NOT_TRANSFERRED)


@pytest.mark.parametrize("entry", [Entry("raw-sequences/p", None, True, True), Entry("p/", None, False, True)])
def test_a_folder_is_not_tagged(entry: Entry) -> None:
    assert aim_of(entry, set(), CATALOGUE) == Result(entry.key, Outcome.NOT_A_FILE)


def test_a_named_file_gets_the_tags_of_its_name() -> None:
    wanted = {"data_class": "raw_sequence", "sensitivity": "controlled", "project": "p", "site": "s"}
    assert aim_of(Entry(KEY, "v1", False, True), set(), CATALOGUE) == Aim(KEY, "v1", wanted)


def test_an_unknown_name_gets_the_mark_that_hides_it() -> None:
    aim = aim_of(Entry("raw-sequences/p/notes.docx", None, False, True), set(), CATALOGUE)
    assert isinstance(aim, Aim)
    assert aim.tags == {"data_class": "unclassified", "sensitivity": "restricted"}
    assert aim.unclassified is Reason.BAD_NAME


def test_a_tally_counts_everything_and_remembers_a_bounded_number() -> None:
    tally = Tally()
    aim = Aim("k", None, {}, Reason.BAD_NAME)
    for number in range(REMEMBERED + 5):
        tally.add(Result(f"k{number}", Outcome.TAGGED, aim))
    assert tally.unclassified.total == REMEMBERED + 5
    assert len(tally.unclassified.items) == REMEMBERED
    assert tally.summary() == {"tagged": REMEMBERED + 5, "unclassified": REMEMBERED + 5}


def test_an_unclassified_object_that_could_not_be_tagged_counts_as_not_done_only() -> None:
    tally = Tally()
    tally.add(Result("k", Outcome.REFUSED, Aim("k", None, {}, Reason.BAD_NAME), "AccessDenied"))
    assert (tally.unclassified.total, tally.not_done.total) == (0, 1)
    assert tally.not_done.items == [{"key": "k", "reason": "AccessDenied"}]


def test_a_copy_that_failed_the_verification_gets_no_tags() -> None:
    result = aim_of(Entry(KEY, "v1", False, True), {KEY}, CATALOGUE)
    assert isinstance(result, Result)
    assert result.outcome is Outcome.NOT_VERIFIED


def test_only_what_failed_the_verification_is_read_from_its_list() -> None:
    document = {
        "Verified": [
            {"RelativePath": "/a", "VerifyStatus": "SUCCESS"},
            {"RelativePath": "/b", "VerifyStatus": "FAILED", "FailureReason": "checksum"},
        ]
    }
    assert list(read_unverified(io.BytesIO(json.dumps(document).encode()), "part.json", TRANSFER)) == ["b"]


@pytest.mark.parametrize("text", [b"{", b'{"Verified": [{}]}', b'{"Verified": [7]}'])
def test_a_list_of_verified_files_that_is_broken_is_an_error_that_names_it(text: bytes) -> None:
    with pytest.raises(ReportUnreadable, match=r"part\.json"):
        list(read_unverified(io.BytesIO(text), "part.json", TRANSFER))


@pytest.mark.parametrize(
    ("minutes", "fresh"), [(0, True), (59, True), (60, False), (-1, False)], ids=["now", "late", "too late", "clocks"]
)
def test_a_transfer_is_fresh_for_an_hour_after_it_began(minutes: int, fresh: bool) -> None:
    began = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
    assert is_fresh(began, began + timedelta(minutes=minutes)) is fresh
    assert not is_fresh(None, began)
