"""The command line of the pipeline and the example data: wrong use is one clear message."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from rich.console import Console

from pipelines.sequencing.engine import Place
from pipelines.sequencing.run import Run
from pipelines.sequencing.status import BadData
from pipelines.sequencing.steps import multiqc, reference, versions
from scripts import example_data, pipeline
from scripts.talk import UserError
from tests.unit.pipeline.samples import make_run


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    for name in ("active", "reference"):
        (tmp_path / "storage" / name).mkdir(parents=True)
    (tmp_path / "storage/reference/g.fa").write_text(">g\nACGT\n", encoding="utf-8")
    (tmp_path / "config.yaml").write_text("reference: g.fa\n", encoding="utf-8")
    (tmp_path / "samples.tsv").write_text(
        "sample\tproject\tsite\tfastq_1\tfastq_2\nS1\tp\ts\ta_1.fq.gz\ta_2.fq.gz\n", encoding="utf-8"
    )
    return tmp_path / "storage"


def start(storage: Path, *more: str) -> int:
    return pipeline.main(["run", "--storage", str(storage), "--samples", str(storage.parent / "samples.tsv"), *more])


def test_wrong_use_exits_2_with_a_message_and_makes_nothing(storage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert start(storage, "--run-id", "../x") == 2
    assert "--run-id '../x': use letters" in capsys.readouterr().err
    assert start(storage, "--config", "none.yaml") == 2
    assert "none.yaml: there is no such file" in capsys.readouterr().err
    assert start(storage.parent) == 2
    assert "there is no directory active and no reference in it" in capsys.readouterr().err
    (storage / "reference/g.fa").unlink()
    assert start(storage) == 2
    assert "put the genome there" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        start(storage, "--cores", "0")
    assert caught.value.code == 2
    assert not (storage / "intermediate").exists()


def test_a_make_pipeline_without_values_says_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    assert pipeline.main(["run", "--storage", "", "--samples", ""]) == 2
    assert "--samples is empty: make pipeline SAMPLES=sheet.tsv STORAGE=folder" in capsys.readouterr().err


def test_a_run_holds_a_lease_as_long_as_it_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path)
    lease = run.storage / "intermediate" / ".kosha-leases" / f"{run.id}.json"

    def fail(*_: object) -> None:
        assert json.loads(lease.read_text())["path"] == run.id
        raise InterruptedError

    monkeypatch.setattr(pipeline, "execute", fail)
    with pytest.raises(InterruptedError):
        pipeline.run_pipeline(run, Place(1), Console(quiet=True))
    assert not lease.exists()


def test_names_make_tools_when_a_tool_is_missing(
    storage: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(versions, "PICARD", "/nowhere/picard.jar")
    assert start(storage) == 1
    said = capsys.readouterr().err
    assert "bcftools, bowtie2, bowtie2-build, bwa, fastqc, java, samtools, /nowhere/picard.jar; run: make tools" in said


def test_names_the_adapters_that_there_are(
    storage: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pipeline, "missing_tools", lambda _: [])
    monkeypatch.setattr(pipeline, "ADAPTERS", storage / "reference")
    (storage / "reference/Mine.fa").touch()
    assert start(storage) == 2
    assert "adapters TruSeq3-PE-2.fa: there is no such file" in (said := capsys.readouterr().err)
    assert "but Mine.fa" in said


@pytest.mark.parametrize("profile", ["nowhere", "./nowhere"])
def test_names_the_profiles_that_there_are(storage: Path, capsys: pytest.CaptureFixture[str], profile: str) -> None:
    assert start(storage, "--profile", profile) == 2
    assert f"--profile {profile}: there is eks, or a folder of yours" in capsys.readouterr().err


def test_names_make_setup_when_multiqc_is_wanted_and_missing(
    storage: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pipeline, "missing_tools", lambda _: [])
    monkeypatch.setattr(multiqc, "ENVIRONMENT", storage / "none")
    monkeypatch.setenv("PATH", "/nowhere")
    assert start(storage, "--multiqc") == 1
    assert "MultiQC is not on this machine; run: make setup" in capsys.readouterr().err
    assert not (storage / "intermediate").exists()


def test_takes_the_configuration_beside_the_sheet_and_names_indexes_by_the_genome(storage: Path) -> None:
    run = pipeline.make_run(storage, storage.parent / "samples.tsv", None, "r1")
    before = run.reference_directory
    assert before.name.startswith("g-")
    (storage / "reference/g.fa").write_text(">g\nACGA\n", encoding="utf-8")
    assert pipeline.make_run(storage, storage.parent / "samples.tsv", None, "r1").reference_directory != before


def test_names_a_truth_that_is_not_there(storage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = storage.parent / "samples.tsv"
    header, row = sheet.read_text(encoding="utf-8").splitlines()[:2]
    sheet.write_text(f"{header}\ttruth\n{row}\tknown.vcf.gz\n", encoding="utf-8")
    assert start(storage) == 2
    assert f"truth known.vcf.gz: there is no file {storage}/reference/known.vcf.gz" in capsys.readouterr().err


def test_the_run_document_holds_the_whole_run(storage: Path) -> None:
    run = pipeline.make_run(storage, storage.parent / "samples.tsv", None, "r1")
    assert Run.from_document(run.document()) == run


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"ACGT\n", "this is not FASTA"),
        (gzip.compress(b">g\nACGT\n")[:-6], "the gzip is damaged"),
        (b"", "the genome changed"),
    ],
)
def test_a_bad_genome_is_named_and_leaves_no_index(tmp_path: Path, content: bytes, message: str) -> None:
    run = make_run(tmp_path)
    source = tmp_path / "reference" / ("genome.fa.gz" if content[:1] == b"\x1f" else "genome.fa")
    source.parent.mkdir()
    source.write_bytes(content)
    document = run.document()
    document["reference"] |= {"source": str(source), "sha256": reference.sha256_of(source) if content else "0" * 64}
    run = type(run).from_document(document)
    with pytest.raises(BadData, match=message):
        reference.make_part(run, "fasta")
    assert list(run.reference_directory.iterdir()) == []


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for the unpacked Debian package, with 40 pairs."""
    place = tmp_path / "examples/usr/share/doc/bowtie2/examples"
    (place / "reads").mkdir(parents=True)
    (place / "reference").mkdir()
    for mate in (1, 2):
        text = "".join(f"@r{n}\nACGT\n+\nIIII\n" for n in range(40))
        (place / "reads" / f"reads_{mate}.fq.gz").write_bytes(gzip.compress(text.encode()))
    (place / "reference/lambda_virus.fa.gz").write_bytes(gzip.compress(b">lambda\nACGT\n"))
    monkeypatch.setenv("KOSHA_EXAMPLES", str(tmp_path / "examples"))


def test_example_data_are_the_same_every_time_and_pass_as_a_run(tmp_path: Path, package: None) -> None:
    contents = []
    for name in ("a", "b"):
        storage = tmp_path / name
        sheet = example_data.lay_out(storage, samples=2, pairs=40)
        contents.append({str(p.relative_to(storage)): p.read_bytes() for p in storage.rglob("*") if p.is_file()})
        run = pipeline.make_run(storage, sheet, None, "r1")
        assert run.ids == ["lambda-phage_hyd-01_S001", "lambda-phage_hyd-01_S002"]
    assert contents[0] == contents[1]
    second = gzip.decompress(contents[0]["active/lambda-phage/rs_lambda-phage_hyd-01_S002_R1.fastq.gz"])
    assert second.startswith(b"@r20\n")


def test_example_data_name_make_tools_when_the_package_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOSHA_EXAMPLES", str(tmp_path))
    with pytest.raises(UserError, match="run: make tools"):
        example_data.lay_out(tmp_path)


@pytest.mark.parametrize(("samples", "pairs"), [(0, 10), (3, 2), (1, 10_001)])
def test_example_data_refuse_numbers_that_cannot_be(tmp_path: Path, samples: int, pairs: int) -> None:
    with pytest.raises(UserError, match="there are 10000 pairs"):
        example_data.lay_out(tmp_path, samples, pairs)
