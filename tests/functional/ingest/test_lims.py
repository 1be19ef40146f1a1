"""Sample sheets of laboratories: every form becomes rows the pipeline takes; what is doubtful is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.sequencing.inputs import read_samples
from scripts.ingest import __main__ as ingest

V2 = """[Header],,,
FileFormatVersion,2,,
RunName,run7,,
[Reads],,,
Read1Cycles,151,,
Read2Cycles,151,,
Index1Cycles,8,,
Index2Cycles,8,,
[BCLConvert_Settings],,,
SoftwareVersion,4.1.5,,
[BCLConvert_Data],,,
Lane,Sample_ID,Index,Index2
{rows}
"""
V1 = """[Header],,,,
IEMFileVersion,4,,,
[Reads],,,,
151,,,,
151,,,,
[Settings],,,,
[Data],,,,
Lane,Sample_ID,Sample_Name,Sample_Project,index
{rows}
"""
PLAIN = "Lane,Sample_ID,Sample_Name\n{rows}\n"
SHEETS = {
    "version 2": V2.format(rows="1,S001,ACGTACGT,TTGCAACG\n1,S002,TGCATGCA,TTGCAACG"),
    "version 1": V1.format(rows="1,S001,first,p,ACGTACGT\n1,S002,second,p,TGCATGCA"),
    "plain": PLAIN.format(rows="1,S001,first\n1,S002,second"),
    "byte order mark and CR LF": "\ufeff"
    + V1.format(rows="1,S001,first,p,ACGTACGT\n1,S002,second,p,TGCATGCA").replace("\n", "\r\n"),
}


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    for name in ("S001_S1", "S002_S2"):
        for mate in ("R1", "R2"):
            add(tmp_path, f"{name}_L001_{mate}_001.fastq.gz")
    return tmp_path


def add(storage: Path, name: str) -> None:
    path = storage / "active" / "runs" / "run7" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def register(storage: Path, content: str | bytes, reads: str = "runs/run7") -> int:
    sheet = storage / "sheet.csv"
    sheet.write_bytes(content.encode() if isinstance(content, str) else content)
    place = ["--storage", str(storage), "--project", "p1", "--site", "hyd-01", "--reads", reads]
    return ingest.main(["lims", *place, str(sheet)])


def registered(storage: Path) -> list[str]:
    sheet = storage / "active" / "p1" / "samples.tsv"
    return [sample.name.sample for sample in read_samples(sheet)] if sheet.exists() else []


@pytest.mark.parametrize("form", SHEETS)
def test_each_form_becomes_rows_that_the_pipeline_takes(storage: Path, form: str) -> None:
    assert register(storage, SHEETS[form]) == 0
    first, second = read_samples(storage / "active" / "p1" / "samples.tsv")
    assert (first.id, second.id) == ("p1_hyd-01_S001", "p1_hyd-01_S002")
    assert first.fastq == ("runs/run7/S001_S1_L001_R1_001.fastq.gz", "runs/run7/S001_S1_L001_R2_001.fastq.gz")
    before = (storage / "active" / "p1" / "samples.tsv").read_bytes()
    assert register(storage, SHEETS[form]) == 0
    assert (storage / "active" / "p1" / "samples.tsv").read_bytes() == before


def test_files_may_be_named_by_the_name_of_the_sample(storage: Path) -> None:
    for mate in ("R1", "R2"):
        add(storage, f"third_S3_{mate}_001.fastq.gz")
    assert register(storage, PLAIN.format(rows="1,S003,third")) == 0
    assert registered(storage) == ["S003"]


@pytest.mark.parametrize(
    ("rows", "taken", "reason"),
    [
        ("1,S001,,p,ACGTACGT\n1,S009,,p,TGCATGCA", ["S001"], "S009: 0 of its two files are below"),
        ("1,S001,,p,ACGTACGT\n1,S_02,,p,TGCATGCA", ["S001"], "S_02: a sample's name holds letters, digits"),
        ("1,S001,,p,ACGTACGT\n1,S002,,p,ACGTACGA", [], "S001: no index of it differs from that of S002 in 3 bases"),
        ("1,S001,,p,ACGTACGT\n2,S002,,p,ACGTACGA", ["S001", "S002"], ""),
    ],
    ids=["no files", "bad name", "indexes too near", "near in another lane"],
)
def test_doubtful_samples_are_refused_by_name_and_the_others_taken(
    storage: Path, capsys: pytest.CaptureFixture[str], rows: str, taken: list[str], reason: str
) -> None:
    assert register(storage, V1.format(rows=rows)) == (65 if reason else 0)
    assert registered(storage) == taken
    assert reason in capsys.readouterr().out


def test_of_two_indexes_one_that_is_far_enough_will_do(storage: Path) -> None:
    assert register(storage, V2.format(rows="1,S001,ACGTACGT,TTGCAACG\n1,S002,ACGTACGA,AACGTTGC")) == 0
    assert register(storage, V2.format(rows="1,S001,ACGTACGT,TTGCAACG\n1,S002,ACGTACGA,TTGCAACC")) == 65


def test_a_sample_that_is_there_twice_is_refused(storage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert register(storage, PLAIN.format(rows="1,S001,a\n1,S001,b")) == 65
    assert "S001: it is there twice in lane 1" in capsys.readouterr().out


def test_files_of_several_lanes_are_not_guessed_together(storage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for mate in ("R1", "R2"):
        add(storage, f"S001_S1_L002_{mate}_001.fastq.gz")
    assert register(storage, PLAIN.format(rows="1,S001,a\n2,S001,a")) == 65
    assert "S001: 2 files for a mate; write one for all lanes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "there is no sample in it"),
        ("Sample,Lane\nS001,1\n", "there is no column Sample_ID"),
        ("[Header],\nx,1\n", "there is no section [Data] or [BCLConvert_Data] in it"),
        (
            SHEETS["version 2"].replace("Index1Cycles,8,,\nIndex2Cycles,8,,\n", ""),
            "not a sample sheet of Illumina",
        ),
        ("Sample_ID\nS\u00e9\n".encode("latin-1"), "this is not UTF-8 text"),
    ],
)
def test_what_is_no_sheet_is_one_message_and_nothing_is_written(
    storage: Path, capsys: pytest.CaptureFixture[str], content: str | bytes, message: str
) -> None:
    assert register(storage, content) == 2
    assert message in capsys.readouterr().err
    assert not (storage / "active" / "p1").exists()


@pytest.mark.parametrize("reads", ["runs/none", "../.."])
def test_reads_lie_below_the_storage(storage: Path, capsys: pytest.CaptureFixture[str], reads: str) -> None:
    assert register(storage, SHEETS["plain"], reads) == 2
    assert f"--reads {reads}: there is no such folder below" in capsys.readouterr().err
