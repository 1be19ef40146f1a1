"""From an accession to files, manifest and sample sheet, with archives on loopback that answer as the real ones do."""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from pipelines.ingest import download
from pipelines.sequencing.inputs import read_samples
from scripts.ingest import __main__ as ingest
from scripts.paths import REPOSITORY
from scripts.talk import EXIT_INTERRUPTED
from tests.functional.ingest.archive import Archive, Request, refuses, sends, serve
from tests.patience import wait_for

FIRST, SECOND, ORPHANS = (gzip.compress(random.Random(seed).randbytes(60_000)) for seed in (1, 2, 3))
RUN = "ERR0000001"
BELOW = "vol1/fastq/ERR000/ERR0000001"


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def report(rows: list[dict[str, str]]) -> bytes:
    """A file report of the ENA portal, in its own order of columns."""
    columns = (
        "run_accession", "sample_accession", "library_layout", "fastq_ftp", "fastq_md5", "fastq_bytes", "submitted_ftp",
    )  # fmt: skip
    return "\n".join(
        ["\t".join(columns), *("\t".join(row.get(name, "") for name in columns) for row in rows), ""]
    ).encode()


def row(
    accession: str = RUN, names: tuple[str, ...] = ("_1", "_2"), contents: tuple[bytes, ...] = (FIRST, SECOND)
) -> dict[str, str]:
    return {
        "run_accession": accession,
        "sample_accession": "SAMEA0000001",
        "library_layout": "PAIRED",
        "fastq_ftp": ";".join(
            f"ftp.sra.ebi.ac.uk/vol1/fastq/ERR000/{accession}/{accession}{name}.fastq.gz" for name in names
        ),
        "fastq_md5": ";".join(map(md5, contents)),
        "fastq_bytes": ";".join(str(len(each)) for each in contents),
    }


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    (tmp_path / "active").mkdir()
    return tmp_path


@pytest.fixture
def archive() -> Iterator[Archive]:
    with serve() as archive:
        archive.files |= {f"/{BELOW}/{RUN}_1.fastq.gz": FIRST, f"/{BELOW}/{RUN}_2.fastq.gz": SECOND}
        archive.files["/filereport"] = report([row()])
        yield archive


def ena(storage: Path, archive: Archive, *names: str, more: tuple[str, ...] = ()) -> list[str]:
    return [
        "ena", "--storage", str(storage), "--project", "soil-2026", "--site", "ena", "--server", archive.address,
        "--mirror", archive.address, "--mirrors-only", *more, *(names or (RUN,)),
    ]  # fmt: skip


def folder(storage: Path) -> Path:
    return storage / "active" / "soil-2026"


def test_an_accession_becomes_named_files_a_manifest_and_a_sheet_that_the_pipeline_takes(
    storage: Path, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ingest.main(ena(storage, archive)) == 0
    names = [f"rs_soil-2026_ena_{RUN}_{mate}.fastq.gz" for mate in ("R1", "R2")]
    assert [(folder(storage) / name).read_bytes() for name in names] == [FIRST, SECOND]
    manifest = json.loads((folder(storage) / "manifests" / f"{RUN}.json").read_text())
    assert manifest["archive"]["terms"] == "https://www.insdc.org/policy/"
    assert manifest["metadata"]["sample_accession"] == "SAMEA0000001"
    assert [(each["file"], each["md5"], each["bytes"]) for each in manifest["files"]] == [
        (name, md5(content), len(content)) for name, content in zip(names, (FIRST, SECOND), strict=True)
    ]
    assert manifest["files"][0]["source"] == f"{archive.address}/{BELOW}/{RUN}_1.fastq.gz"
    (sample,) = read_samples(folder(storage) / "samples.tsv")
    assert (sample.id, sample.md5) == (f"soil-2026_ena_{RUN}", (md5(FIRST), md5(SECOND)))
    assert all((storage / "active" / name).is_file() for name in sample.fastq)
    asked = parse_qs(urlsplit(archive.requests[0][0]).query)
    assert (asked["accession"], asked["result"], asked["limit"], asked["format"]) == (
        [RUN],
        ["read_run"],
        ["0"],
        ["tsv"],
    )
    assert "samples.tsv" in capsys.readouterr().out


def test_a_second_time_fetches_nothing_and_changes_nothing(storage: Path, archive: Archive) -> None:
    assert ingest.main(ena(storage, archive)) == 0
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (folder(storage) / "manifests").iterdir()}
    served = archive.served
    assert ingest.main(ena(storage, archive)) == 0
    assert archive.served - served == len(archive.files["/filereport"])
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before}


def test_new_runs_are_added_to_the_sheet_and_what_people_wrote_there_stays(storage: Path, archive: Archive) -> None:
    assert ingest.main(ena(storage, archive)) == 0
    sheet = folder(storage) / "samples.tsv"
    sheet.write_text(sheet.read_text().replace("\t\n", "\tbwa\n"))
    other = "ERR0000002"
    archive.files["/filereport"] = report([row(), row(other)])
    for mate, content in (("1", FIRST), ("2", SECOND)):
        archive.files[f"/vol1/fastq/ERR000/{other}/{other}_{mate}.fastq.gz"] = content
    assert ingest.main(ena(storage, archive, "PRJEB00001")) == 0
    samples = read_samples(sheet)
    assert [(each.name.sample, each.aligners) for each in samples] == [(RUN, ("bwa",)), (other, ("bwa", "bowtie2"))]


def test_reads_without_a_mate_beside_a_pair_are_left_out(storage: Path, archive: Archive) -> None:
    archive.files["/filereport"] = report([row(names=("", "_1", "_2"), contents=(ORPHANS, FIRST, SECOND))])
    assert ingest.main(ena(storage, archive)) == 0
    assert len(list(folder(storage).glob("*.fastq.gz"))) == 2


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        ([], "ERR0000001: the archive knows no public run of it"),
        ([row(names=("",), contents=(FIRST,))], "its reads are not paired (1 file); the pipeline takes pairs"),
        ([row(names=(), contents=())], "the archive has no FASTQ of it"),
        ([row(names=(), contents=()) | {"submitted_ftp": "x/a.cram"}], "only what was submitted (x/a.cram), no FASTQ"),
        ([row() | {"fastq_md5": md5(FIRST)}], "another number of files than of checksums"),
        ([row() | {"fastq_bytes": "many;2"}], "ERR0000001: the archive's size of a file is no number ('many')"),
        ([row() | {"fastq_md5": f"{md5(FIRST)};-"}], "ERR0000001: the archive's MD5 of a file is none ('-')"),
    ],
)
def test_what_the_pipeline_cannot_take_is_named_and_not_fetched(
    storage: Path, archive: Archive, capsys: pytest.CaptureFixture[str], listed: list[dict[str, str]], reason: str
) -> None:
    archive.files["/filereport"] = report(listed)
    assert ingest.main(ena(storage, archive)) == 65
    assert reason in capsys.readouterr().out
    assert not folder(storage).exists()


def test_an_answer_without_content_means_that_there_is_nothing(
    storage: Path, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    archive.misdeeds = [refuses(204)]
    assert ingest.main(ena(storage, archive)) == 65
    assert "the archive knows no public run of it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"<html>maintenance</html>", "the answer is no file report, it has no column"),
        (report([row()])[:-60], "the file report is cut off"),
        (b"", "the answer is no file report"),
    ],
)
def test_an_answer_that_is_no_report_is_one_message_and_nothing_is_written(
    storage: Path, archive: Archive, capsys: pytest.CaptureFixture[str], answer: bytes, message: str
) -> None:
    archive.files["/filereport"] = answer
    assert ingest.main(ena(storage, archive)) == 2
    assert message in capsys.readouterr().err
    assert not folder(storage).exists()


def test_a_run_that_cannot_be_had_does_not_keep_the_others_away(
    storage: Path, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    archive.files["/filereport"] = report([row("ERR0000009"), row()])
    assert ingest.main(ena(storage, archive)) == 1
    assert "ERR0000009" in (said := capsys.readouterr().out)
    assert "HTTP 404" in said
    assert [sample.name.sample for sample in read_samples(folder(storage) / "samples.tsv")] == [RUN]
    assert not list(folder(storage).glob("rs_*ERR0000009*"))


def test_flipped_bits_end_in_quarantine_and_the_true_file_comes_from_the_next_mirror(
    storage: Path, archive: Archive
) -> None:
    flipped = FIRST[:-1] + bytes([FIRST[-1] ^ 1])

    def lies(request: Request) -> bool:
        return sends(flipped)(request) if request.path.endswith("_1.fastq.gz") else False

    archive.misdeeds = [lambda _: False, lies, lies]
    with serve() as mirror:
        mirror.files = dict(archive.files)
        command = ena(storage, archive, more=("--mirror", mirror.address, "--connections", "1"))
        assert ingest.main(command) == 0
    assert (folder(storage) / f"rs_soil-2026_ena_{RUN}_R1.fastq.gz").read_bytes() == FIRST
    assert [path.read_bytes() for path in (folder(storage) / ".quarantine").iterdir()] == [flipped]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("not-an-accession",), "not-an-accession is no accession of ENA, SRA or DDBJ"),
        (("@none.txt",), "none.txt: not readable as a list of names"),
    ],
)
def test_wrong_names_are_one_message_each(
    storage: Path, archive: Archive, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert ingest.main(ena(storage, archive, *arguments)) == 2
    assert message in capsys.readouterr().err
    assert not archive.requests


def test_a_wrong_project_and_a_wrong_storage_are_named(
    storage: Path, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ena(storage, archive)
    assert ingest.main([each.replace("soil-2026", "Soil_2026") for each in command]) == 2
    assert "project 'Soil_2026' may only hold lower-case letters" in capsys.readouterr().err
    assert ingest.main([each.replace(str(storage), str(storage / "active")) for each in command]) == 2
    assert "there is no directory active in it; is this the shared storage?" in capsys.readouterr().err


def test_a_list_of_names_may_come_from_a_file(storage: Path, archive: Archive, tmp_path: Path) -> None:
    names = tmp_path / "list.txt"
    names.write_text(f"{RUN}\n\n{RUN}\n")
    assert ingest.main(ena(storage, archive, f"@{names}")) == 0
    assert len([path for path, _ in archive.requests if path.startswith("/filereport")]) == 1


def test_a_full_disk_is_said_and_the_runs_that_are_here_get_their_rows(
    storage: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write = download._Part.write

    def on_a_small_disk(part: download._Part, chunk: bytes) -> None:
        if "ERR0000009" in part.path.name:
            raise OSError(errno.ENOSPC, "No space left on device", str(part.path))
        write(part, chunk)

    monkeypatch.setattr(download._Part, "write", on_a_small_disk)
    archive.files |= {f"/vol1/fastq/ERR000/ERR0000009/ERR0000009_{mate}.fastq.gz": FIRST for mate in (1, 2)}
    archive.files["/filereport"] = report([row("ERR0000009", contents=(FIRST, FIRST)), row()])
    assert ingest.main(ena(storage, archive)) == 1
    assert "ERR0000009: [Errno 28] No space left on device" in capsys.readouterr().out
    assert [sample.name.sample for sample in read_samples(folder(storage) / "samples.tsv")] == [RUN]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_ingestion_goes_on_where_it_was(storage: Path, archive: Archive, end: signal.Signals) -> None:
    """Ctrl-C stops a download that would go on at once, and leaves rows for the runs that are here."""
    content = gzip.compress(random.Random(9).randbytes(8_000_000))
    archive.files[f"/{BELOW}/{RUN}_1.fastq.gz"] = content
    archive.files |= {f"/vol1/fastq/ERR000/ERR0000009/ERR0000009_{mate}.fastq.gz": SECOND for mate in (1, 2)}
    other = row("ERR0000009", contents=(SECOND, SECOND))
    archive.files["/filereport"] = report([other, row(contents=(content, SECOND))])

    def slowly(request: Request) -> bool:
        if not request.path.endswith(f"{RUN}_1.fastq.gz"):
            return False
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        for begin in range(0, 4_000_000, 100_000):
            request.body(content[begin : begin + 100_000])
            time.sleep(0.01)
        archive.over.wait(20)  # the rest never comes
        request.close_connection = True
        return True

    archive.misdeeds = [lambda _: False, *[slowly] * 4]
    command = [sys.executable, "-m", "scripts.ingest", *ena(storage, archive)]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    part = folder(storage) / f".rs_soil-2026_ena_{RUN}_R1.fastq.gz.part"

    def has_come_on() -> bool:
        return part.exists() and part.stat().st_size >= 3_900_000 and bool(list(folder(storage).glob("rs_*9_R2*")))

    wait_for("most of the download", has_come_on)
    process.send_signal(end)
    assert process.wait(10) == (EXIT_INTERRUPTED if end == signal.SIGINT else -end)
    assert not list(folder(storage).glob(f"rs_*{RUN}_R1*"))
    if end == signal.SIGINT:
        assert [sample.name.sample for sample in read_samples(folder(storage) / "samples.tsv")] == ["ERR0000009"]
    archive.misdeeds = []
    served = archive.served
    assert ingest.main(ena(storage, archive)) == 0
    assert (folder(storage) / f"rs_soil-2026_ena_{RUN}_R1.fastq.gz").read_bytes() == content
    assert archive.served - served < len(content) - 3_000_000
    assert not [path for path in folder(storage).iterdir() if path.name.endswith((".part", ".tmp", ".json"))]


INDEX_HEADER = "#ENA_FILE_PATH\tMD5SUM\tRUN_ID\tSTUDY_ID\tSAMPLE_ID\tSAMPLE_NAME \tPOPULATION\t\tREAD_COUNT"


def index(*rows: tuple[str, str, str, str]) -> bytes:
    """A sequence index: lines of explanation, and a header with an empty column and a name with a blank behind it."""
    lines = ["## Date: 2026", "##", INDEX_HEADER]
    lines += [
        f"ftp://ftp.sra.ebi.ac.uk/{path}\t{md5}\t{run}\tERP1\tSAMEA1\t{name}\tHan\t\t10"
        for path, md5, run, name in rows
    ]
    return ("\n".join(lines) + "\n").encode()


def igsr(storage: Path, archive: Archive, *more: str) -> list[str]:
    return [
        "igsr", "--storage", str(storage), "--project", "soil-2026", "--site", "igsr", "--server",
        f"{archive.address}/hgdp.index", "--mirror", archive.address, "--mirrors-only", *more,
    ]  # fmt: skip


def test_a_sample_of_hgdp_comes_with_all_its_runs(storage: Path, archive: Archive) -> None:
    mates = [
        (f"{BELOW}/{RUN}_{mate}.fastq.gz", md5(content), RUN, "HGDP00001")
        for mate, content in (("1", FIRST), ("2", SECOND))
    ]
    other = (f"{BELOW}/ERR9_1.fastq.gz", md5(FIRST), "ERR9", "HGDP00999")
    archive.files["/hgdp.index"] = index(*mates, mates[0], other)
    assert ingest.main(igsr(storage, archive, "--accept-terms", "HGDP00001")) == 0
    assert len(list(folder(storage).glob("rs_soil-2026_igsr_ERR0000001_R?.fastq.gz"))) == 2
    manifest = json.loads((folder(storage) / "manifests" / f"{RUN}.json").read_text())
    assert manifest["metadata"]["population"] == "Han"
    assert manifest["metadata"]["sample_name"] == "HGDP00001"
    assert not [path for path, _ in archive.requests if "ERR9" in path]


def test_the_terms_of_a_collection_come_first(
    storage: Path, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ingest.main(igsr(storage, archive, "HGDP00001")) == 2
    assert "https://www.internationalgenome.org/IGSR_disclaimer" in capsys.readouterr().err
    assert not archive.requests


def test_a_name_that_the_index_has_not_is_said(
    storage: Path, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    archive.files["/hgdp.index"] = index()
    assert ingest.main(igsr(storage, archive, "--accept-terms", "HGDP00001")) == 65
    assert "HGDP00001: the index does not name it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"<html>", "it has no header line that begins with #"),
        (b"#RUN_ID\tMD5SUM\n", "it has no column ENA_FILE_PATH"),
        (index((f"{BELOW}/x_1.fastq.gz", "", "ERR1", "HGDP00001")), "the index is cut off"),
    ],
)
def test_what_is_no_index_is_one_message(
    storage: Path, archive: Archive, capsys: pytest.CaptureFixture[str], answer: bytes, message: str
) -> None:
    archive.files["/hgdp.index"] = answer
    assert ingest.main(igsr(storage, archive, "--accept-terms", "HGDP00001")) == 2
    assert message in capsys.readouterr().err
