"""Runs of the SRA: a real SRA file, made here by NCBI's own loader, from a locator and E-utilities on loopback."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pipelines.ingest import sra
from pipelines.ingest.download import held
from pipelines.sequencing.inputs import read_samples
from scripts.ingest import __main__ as ingest
from tests.functional.ingest.archive import Archive, refuses, sends, serve

RUN = "SRR0000042"
PAIRS = 40
COLUMNS = "Run,ReleaseDate,spots,LibraryLayout,Platform,SRAStudy,ScientificName"


def reads(mate: int, number: int = PAIRS) -> bytes:
    bases = ("ACGTTGCA" * 10, "TTGCAACG" * 10)[mate]
    return "".join(f"@r{each}\n{bases}\n+\n{'I' * len(bases)}\n" for each in range(number)).encode()


def loaded(folder: Path, pairs: int, lone: int = 0) -> bytes:
    """An SRA file of pairs, and of reads without a mate."""
    folder.mkdir(exist_ok=True)
    for mate in (0, 1):
        (folder / f"{mate}.fq").write_bytes(reads(mate, pairs + (lone if mate == 0 else 0)))
    load = ["latf-load", "-o", "loaded", "--quality", "PHRED_33", "-1", "0.fq", "-2", "1.fq"]
    subprocess.run(load, cwd=folder, check=True, capture_output=True)
    subprocess.run(["kar", "-c", "run.sra", "-d", "loaded"], cwd=folder, check=True, capture_output=True)
    return (folder / "run.sra").read_bytes()


@pytest.fixture(scope="module")
def sra_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return loaded(tmp_path_factory.mktemp("sra"), PAIRS)


def located(address: str, content: bytes, **more: Any) -> bytes:
    """An answer of the data locator with a full file behind a lite one."""
    link = {"service": "s3", "region": "us-east-1", "link": f"{address}/sra/{RUN}"}
    file = {"type": "sra", "name": RUN, "size": len(content), "md5": hashlib.md5(content).hexdigest()} | more
    lite = file | {"name": f"{RUN}.sralite", "noqual": True, "md5": "0" * 32}
    files = [lite | {"locations": [link]}, file | {"locations": [link | {"payRequired": True}, link]}]
    return json.dumps({"version": "2", "result": [{"bundle": RUN, "status": 200, "files": files}]}).encode()


@pytest.fixture
def archive(sra_file: bytes) -> Iterator[Archive]:
    with serve() as archive:
        archive.files |= {
            f"/sra/{RUN}": sra_file,
            "/efetch.fcgi": f"{COLUMNS}\n{RUN},2026-01-01,{PAIRS},PAIRED,ILLUMINA,SRP1,Homo sapiens\n\n".encode(),
            "/esearch.fcgi": json.dumps({"esearchresult": {"count": "1", "idlist": ["7"]}}).encode(),
            "/retrieve": located(archive.address, sra_file),
        }
        yield archive


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    (tmp_path / "active").mkdir()
    return tmp_path


def bring(storage: Path, archive: Archive, name: str = RUN) -> int:
    place = ["--storage", str(storage), "--project", "p1", "--site", "sra", "--server", archive.address]
    return ingest.main(["sra", *place, name])


def mates(storage: Path) -> list[Path]:
    return [storage / "active" / "p1" / f"rs_p1_sra_{RUN}_{mate}.fastq.gz" for mate in ("R1", "R2")]


@pytest.mark.parametrize("name", [RUN, "SRP000001"])
def test_a_run_or_a_study_becomes_pairs_of_fastq_with_their_origin(storage: Path, archive: Archive, name: str) -> None:
    assert bring(storage, archive, name) == 0
    for mate, path in enumerate(mates(storage)):
        lines = gzip.decompress(path.read_bytes()).splitlines()
        assert lines[1::4] == reads(mate).splitlines()[1::4]
        assert lines[3::4] == reads(mate).splitlines()[3::4]
    manifest = json.loads((storage / "active/p1/manifests" / f"{RUN}.json").read_text())
    assert manifest["sra_file"]["source"] == f"{archive.address}/sra/{RUN}"
    assert manifest["metadata"]["ScientificName"] == "Homo sapiens"
    (sample,) = read_samples(storage / "active/p1/samples.tsv")
    assert sample.md5 == tuple(hashlib.md5(path.read_bytes()).hexdigest() for path in mates(storage))
    assert not [path for path in (storage / "active/p1").iterdir() if path.name.endswith(".tmp")]


def test_a_second_time_fetches_and_makes_nothing(storage: Path, archive: Archive) -> None:
    assert bring(storage, archive) == 0
    before = [(path.stat().st_ino, path.stat().st_mtime_ns) for path in mates(storage)]
    assert bring(storage, archive) == 0
    assert archive.ranges(f"/sra/{RUN}") == [""]
    assert before == [(path.stat().st_ino, path.stat().st_mtime_ns) for path in mates(storage)]


def test_a_flipped_bit_that_the_archive_s_own_md5_does_not_know_of_is_found(
    storage: Path, archive: Archive, sra_file: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    middle = len(sra_file) // 2
    flipped = sra_file[:middle] + bytes([sra_file[middle] ^ 0x10]) + sra_file[middle + 1 :]
    archive.files[f"/sra/{RUN}"] = flipped
    archive.files["/retrieve"] = located(archive.address, flipped)
    assert bring(storage, archive) == 1
    assert "vdb-validate ended with" in capsys.readouterr().out
    assert not any(path.exists() for path in mates(storage))
    assert not (storage / "active/p1/samples.tsv").exists()


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("/efetch.fcgi", f"{COLUMNS}\n".encode(), "the archive knows no public run of it"),
        ("/efetch.fcgi", f"{COLUMNS}\n{RUN},,1,SINGLE,,,\n".encode(), "its reads are not paired"),
        ("/retrieve", b'{"version": "2", "result": []}', "the archive has no file of it that is free to fetch"),
    ],
)
def test_what_cannot_be_taken_is_named(
    storage: Path, archive: Archive, capsys: pytest.CaptureFixture[str], path: str, content: bytes, reason: str
) -> None:
    archive.files[path] = content
    assert bring(storage, archive) == 65
    assert reason in capsys.readouterr().out


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("/efetch.fcgi", b"<html>busy</html>", "the answer is no run information"),
        ("/esearch.fcgi", b"busy", "/esearch.fcgi: the answer has another form than is documented (it: Invalid JSON"),
        ("/esearch.fcgi", b'{"esearchresult": {"count": "2", "idlist": []}}', "the list ended after 0 of 2 records"),
        ("/retrieve", b"[]", "/retrieve: the answer has another form than is documented (it: "),
        ("/retrieve", b'{"result": null}', "the answer has another form than is documented (result: "),
    ],
)
def test_an_answer_of_another_form_is_one_message(
    storage: Path, archive: Archive, capsys: pytest.CaptureFixture[str], path: str, content: bytes, message: str
) -> None:
    archive.files[path] = content
    assert bring(storage, archive, "SRP000001") == 2
    assert message in capsys.readouterr().err


def test_a_study_of_many_records_is_asked_for_page_by_page(
    storage: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(sra.KEY, "my-secret")
    pages = [{"count": "3", "idlist": ["7", "8"]}, {"count": "3", "idlist": ["9"]}]
    archive.misdeeds = [sends(json.dumps({"esearchresult": page}).encode()) for page in pages]
    assert bring(storage, archive, "SRP000001") == 0
    searches = [parse_qs(urlsplit(path).query) for path, _ in archive.requests if path.startswith("/esearch")]
    assert [asked["retstart"] for asked in searches] == [["0"], ["2"]]
    assert {asked["api_key"][0] for asked in searches} == {"my-secret"}
    (fetched,) = [parse_qs(urlsplit(path).query) for path, _ in archive.requests if path.startswith("/efetch")]
    assert fetched["id"] == ["7,8,9"]


def test_a_key_is_in_no_message(
    storage: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(sra.KEY, "my-secret")
    for answer in (refuses(400), sends(b"busy")):
        archive.misdeeds = [answer]
        assert bring(storage, archive, "SRP000001") == 2
        assert "my-secret" not in (said := capsys.readouterr().err)
        assert "/esearch.fcgi" in said


def test_reads_without_a_mate_stay_behind(storage: Path, archive: Archive, tmp_path: Path) -> None:
    content = loaded(tmp_path / "lone", PAIRS, lone=3)
    archive.files |= {f"/sra/{RUN}": content, "/retrieve": located(archive.address, content)}
    assert bring(storage, archive) == 0
    assert [len(gzip.decompress(path.read_bytes()).splitlines()) for path in mates(storage)] == [4 * PAIRS] * 2


def test_one_process_at_a_time_makes_a_run(storage: Path, archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    work = storage / "active/p1" / f".{RUN}.sra.tmp"
    work.mkdir(parents=True)
    with held(work / "lock", RUN):
        assert bring(storage, archive) == 1
    assert f"{RUN} is being fetched by another process" in capsys.readouterr().out
    assert bring(storage, archive) == 0


def test_missing_tools_are_named_before_anything_is_asked(
    storage: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sra, "TOOLS", ("vdb-validate", "no-such-tool"))
    assert bring(storage, archive) == 2
    assert "not on this machine: no-such-tool; run: make tools" in capsys.readouterr().err
    assert not archive.requests
