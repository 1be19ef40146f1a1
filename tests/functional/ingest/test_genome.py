"""A reference genome by its accession, with a server of assemblies on loopback, and the run that takes it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from scripts.ingest import __main__ as ingest
from tests.functional.ingest.archive import Archive, resets_after, serve
from tests.functional.ingest.test_sources import BELOW, FIRST, SECOND, md5, report, row

ACCESSION, NAME = "GCA_000005845.2", "GCA_000005845.2_ASM584v2"
FOLDER = "/genomes/GCA/000/005/845"
FASTA = gzip.compress(b">chr\nACGT\n")


@pytest.fixture
def archive() -> Iterator[Archive]:
    with serve() as archive:
        archive.files |= {
            "/report/filereport": report([row()]),
            f"/{BELOW}/ERR0000001_1.fastq.gz": FIRST,
            f"/{BELOW}/ERR0000001_2.fastq.gz": SECOND,
        }
        assembly(archive)
        yield archive


def assembly(archive: Archive, more: Mapping[str, bytes] | None = None, name: str = NAME) -> None:
    """Put an assembly where NCBI has it, with links as its listing has them."""
    other = "GCA_000005845.20_Other"
    archive.files[f"{FOLDER}/"] = f'<a href="{name}/">{name}/</a>\n<a href="{other}/">{other}/</a>\n'.encode()
    files = {f"{name}_genomic.fna.gz": FASTA, f"{name}_cds_from_genomic.fna.gz": b"no", **(more or {})}
    sums = "".join(f"{md5(content)}  ./{path}\n" for path, content in files.items())
    archive.files[f"{FOLDER}/{name}/md5checksums.txt"] = sums.encode()
    archive.files |= {f"{FOLDER}/{name}/{path}": content for path, content in files.items()}


def bring(archive: Archive, storage: Path, *more: str, accession: str = ACCESSION) -> int:
    (storage / "active").mkdir(exist_ok=True)
    return ingest.main(
        [
            "ena", "--storage", str(storage), "--project", "p", "--site", "s", "--server", f"{archive.address}/report",
            "--mirror", archive.address, "--mirrors-only", "--reference", accession,
            "--reference-server", f"{archive.address}/genomes", *more, "ERR0000001",
        ]
    )  # fmt: skip


def test_reads_and_reference_come_with_a_configuration_that_runs(archive: Archive, tmp_path: Path) -> None:
    assert bring(archive, tmp_path, "--toolchain", "fast") == 0
    genome = tmp_path / "reference" / f"{NAME}.fa.gz"
    assert genome.read_bytes() == FASTA
    manifest = json.loads(genome.with_name(f"{NAME}.json").read_text())
    assert (manifest["accession"], manifest["md5"], manifest["bytes"]) == (ACCESSION, md5(FASTA), len(FASTA))
    assert manifest["source"].endswith(f"{FOLDER}/{NAME}/{NAME}_genomic.fna.gz")
    config = tmp_path / "active" / "p" / "config.yaml"
    assert yaml.safe_load(config.read_text()) == {"reference": f"{NAME}.fa.gz", "toolchain": "fast"}
    assert (tmp_path / "active" / "p" / "samples.tsv").is_file()


def test_what_people_wrote_into_the_configuration_stays(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "active" / "p" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("reference: mine.fa.gz\n")
    assert bring(archive, tmp_path) == 0
    assert config.read_text() == "reference: mine.fa.gz\n"
    assert "config.yaml was there and is left" in capsys.readouterr().out
    before = archive.served
    assert bring(archive, tmp_path) == 0
    listings = sum(
        len(content) for path, content in archive.files.items() if path.endswith(("/", ".txt", "/filereport"))
    )
    assert archive.served - before <= listings


def test_the_set_for_alignment_is_taken_where_there_is_one(archive: Archive, tmp_path: Path) -> None:
    without = gzip.compress(b">chr1\nACGTACGT\n")
    assembly(archive, {f"seqs_for_alignment_pipelines.ucsc_ids/{NAME}_no_alt_analysis_set.fna.gz": without})
    assert bring(archive, tmp_path) == 0
    assert (tmp_path / "reference" / f"{NAME}.fa.gz").read_bytes() == without


def test_a_cut_connection_goes_on(archive: Archive, tmp_path: Path) -> None:
    archive.misdeeds += [lambda _: False, lambda _: False, resets_after(10)]
    assert bring(archive, tmp_path) == 0
    assert (tmp_path / "reference" / f"{NAME}.fa.gz").read_bytes() == FASTA
    assert archive.ranges(f"{FOLDER}/{NAME}/{NAME}_genomic.fna.gz") == ["", "bytes=10-"]


@pytest.mark.parametrize(
    ("accession", "said"),
    [
        ("ecoli", "--reference ecoli: give an assembly with its version, for example GCA_000005845.2"),
        ("GCA_000005845.1", "has 0 folders of it, not one"),
        ("GCA_000005846.2", "GCA/000/005/846/"),
    ],
)
def test_what_is_no_assembly_is_said_before_anything_comes(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str], accession: str, said: str
) -> None:
    assert bring(archive, tmp_path, accession=accession) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "active" / "p").exists()


def test_a_listing_without_the_sequence_is_said(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive.files[f"{FOLDER}/{NAME}/md5checksums.txt"] = b""
    assert bring(archive, tmp_path) == 2
    assert f"md5checksums.txt lists no {NAME}_genomic.fna.gz" in capsys.readouterr().err
