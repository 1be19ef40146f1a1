"""The fast toolchain on the same reads as the classic one: what it wrote, how right it is, and where the two differ."""

from __future__ import annotations

import csv
import gzip
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.compare_toolchains import GATES, Read, agreement, compare_calls, read_alignments
from scripts.example_data import gzip_bytes
from scripts.spiked_data import genomes, read_genome
from tests.functional.pipeline.conftest import CLONES, Outcome

ALIGNERS = ("bwa", "bowtie2")


def published(outcome: Outcome, prefix: str, name: str) -> Path:
    code = {"aligned-reads": "ar", "variant-calls": "vc", "processed-genomes": "pg", "quality-reports": "qc"}[prefix]
    return outcome.published / prefix / "lambda-phage" / f"{code}_lambda-phage_hyd-01_{name}"


def summary(outcome: Outcome, sample: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(published(outcome, "processed-genomes", f"{sample}_summary.json").read_text())
    return document


def reads(outcome: Outcome, sample: str, aligner: str) -> dict[tuple[str, int], Read]:
    genome = next((outcome.storage / "reference" / "indexes").glob("*/fasta/genome.fa"))
    (file,) = outcome.published.glob(f"aligned-reads/*/ar_*_{sample}_{aligner}.*am")
    return read_alignments(file, genome)


def test_the_fast_run_publishes_cram_and_no_bam(fast: Outcome) -> None:
    assert fast.exit_code == 0, fast.said
    for sample in ("good", "spiked"):
        for aligner in ALIGNERS:
            cram = published(fast, "aligned-reads", f"{sample}_{aligner}.cram")
            assert cram.read_bytes()[:4] == b"CRAM"
            header = subprocess.run(["samtools", "view", "-H", cram], capture_output=True, text=True, check=True).stdout
            assert f"SM:{sample}" in header
            assert "SO:coordinate" in header
            assert cram.with_suffix(".crai").stat().st_size > 0
    assert not list(fast.published.rglob("*.bam"))
    assert not list(fast.published.rglob("*fastqc*"))
    assert not [path for path in fast.directory.rglob("*") if path.name.endswith((".sam", ".fastq.gz", ".bam", ".tmp"))]


def test_counts_agree_from_step_to_step_and_the_tables_hold_the_shares(fast: Outcome) -> None:
    document = summary(fast, "spiked")
    assert [edge["left"] for edge in document["counts"]] == [edge["arrived"] for edge in document["counts"]]
    assert len(document["counts"]) == 5
    assert set(document["tools"]) == {"fastp", "bwa", "bowtie2", "samtools", "bcftools"}
    with published(fast, "processed-genomes", "spiked_summary.csv").open(encoding="utf-8") as file:
        rows = {row["aligner"]: row for row in csv.DictReader(file)}
    assert {float(rows[aligner]["snv_recall"]) for aligner in ALIGNERS} == {1.0}
    page = published(fast, "processed-genomes", "spiked_report.html").read_text("utf-8")
    assert page.count("<svg") == 6
    assert "Single bases: recall" in page


@pytest.mark.parametrize("toolchain", ["outcome", "fast"])
@pytest.mark.parametrize("aligner", ALIGNERS)
def test_finds_the_variants_that_were_spiked(toolchain: str, aligner: str, request: pytest.FixtureRequest) -> None:
    run: Outcome = request.getfixturevalue(toolchain)
    accuracy = summary(run, "spiked")["alignments"][aligner]["accuracy"]
    assert accuracy["snv"]["true_positives"] + accuracy["snv"]["false_negatives"] == 48
    assert accuracy["indel"]["true_positives"] + accuracy["indel"]["false_negatives"] == 9
    for (kind, share), least in GATES.items():
        assert accuracy[kind][share] >= least, (kind, share)
    vcf = published(run, "variant-calls", f"spiked_{aligner}.vcf.gz")
    text = subprocess.run(["bcftools", "view", vcf], capture_output=True, text=True, check=True).stdout
    assert "bcftools_callCommand" not in text.partition("##bcftools_view")[0]  # no date, no command line
    assert vcf.with_name(vcf.name + ".tbi").stat().st_size > 0


def test_a_sample_without_truth_has_variants_and_no_accuracy(outcome: Outcome) -> None:
    numbers = summary(outcome, "good")["alignments"]["bwa"]
    assert "accuracy" not in numbers
    assert numbers["variants"]["snvs"] > 0


@pytest.mark.parametrize("aligner", ALIGNERS)
def test_classic_and_fast_agree_on_reads_duplicates_and_variants(outcome: Outcome, fast: Outcome, aligner: str) -> None:
    calls = compare_calls(*(published(run, "variant-calls", f"spiked_{aligner}.vcf.gz") for run in (outcome, fast)))
    found = agreement(reads(outcome, "spiked", aligner), reads(fast, "spiked", aligner), calls)
    # What differs comes from the trimming alone: fastp finds adapters by the overlap of the mates.
    assert (found.classic_only, found.fast_only) == (0, 0)
    assert found.trimmed_alike > 0.99 * found.both
    assert found.same_alignment_of_alike == found.trimmed_alike
    assert found.duplicates_in_both > 0.99 * (found.duplicates_in_both + found.duplicates_classic_only)
    assert found.duplicates_fast_only <= 0.01 * found.duplicates_in_both
    assert (found.variants_in_both, found.variants_classic_only, found.variants_fast_only) == (57, 0, 0)


@pytest.mark.parametrize("aligner", ALIGNERS)
def test_samtools_marks_the_pairs_that_are_there_twice(fast: Outcome, aligner: str) -> None:
    aligned = reads(fast, "good", aligner)
    names = {name for name, _ in aligned}
    doubled = sum(1 for name in names if name.startswith("clone-") and name.removeprefix("clone-") in names)
    assert doubled > CLONES / 3
    marked = {name.removeprefix("clone-") for (name, _), read in aligned.items() if read.flag & 0x400}
    assert len(marked) >= (0.97 if aligner == "bwa" else 0.9) * doubled


def test_the_run_has_a_page_of_its_own_and_one_of_multiqc(fast: Outcome, outcome: Outcome) -> None:
    page = published(fast, "quality-reports", "fast_run.html").read_text("utf-8")
    assert page.count("<svg") == 2
    assert not re.search(r"(src|href)=|@import|url\(|<script|<link", page)
    multiqc = published(fast, "quality-reports", "fast_multiqc.html").read_text("utf-8")
    assert "lambda-phage_hyd-01_spiked" in multiqc
    for tool in ("fastp", "samtools", "bcftools"):
        assert f'id="mqc-module-section-{tool}"' in multiqc
    mixed = published(outcome, "quality-reports", "lambda_run.html").read_text("utf-8")
    assert "the gzip ends too early" in mixed  # a stopped sample says why
    assert not list(outcome.published.rglob("*multiqc*"))


def compare_with(run: Outcome, truth: bytes) -> subprocess.CompletedProcess[str]:
    """The step ``compare-variants`` on the spiked sample of a run, with another truth; it writes ``a.json``."""
    place = run.storage / "reference" / "truth.vcf.gz"
    kept = place.read_bytes()
    step: list[str | Path] = [sys.executable, "-m", "pipelines.sequencing.steps", "compare-variants"]
    step += ["--run", run.directory / "run.json", "--sample", "lambda-phage_hyd-01_spiked", "--aligner", "bwa"]
    try:
        place.write_bytes(truth)
        return subprocess.run([*step, "--output", run.storage / "a.json"], capture_output=True, text=True, check=False)
    finally:
        place.write_bytes(kept)


def test_what_was_missed_and_what_was_wrongly_called_are_told_apart(fast: Outcome) -> None:
    lines = gzip.decompress((fast.storage / "reference" / "truth.vcf.gz").read_bytes()).decode().splitlines()
    header = [line for line in lines if line.startswith("#")]
    variants = [line for line in lines if not line.startswith("#")]
    snvs = [line for line in variants if len(line.split("\t")[3]) == len(line.split("\t")[4])]
    genome = read_genome(genomes()["lambda"])[1]
    invented = []
    for position in (30_011, 31_011):  # no variant lies nearer than the spacing of 50
        base = genome[position - 1]
        fields = [
            snvs[0].split("\t")[0],
            str(position),
            ".",
            base,
            "A" if base != "A" else "C",
            ".",
            "PASS",
            ".",
            "GT",
            "1|1",
        ]
        invented.append("\t".join(fields))
    changed = [line for line in variants if line not in snvs[:3]] + invented
    changed.sort(key=lambda line: int(line.split("\t")[1]))
    done = compare_with(fast, gzip_bytes(("\n".join([*header, *changed]) + "\n").encode()))
    assert done.returncode == 0, done.stderr
    accuracy = json.loads((fast.storage / "a.json").read_text())
    (fast.storage / "a.json").unlink()
    assert accuracy["snv"] == {
        "true_positives": 45, "false_positives": 3, "false_negatives": 2, "recall": 0.957447, "precision": 0.9375,
    }  # fmt: skip
    assert accuracy["indel"]["recall"] == 1.0


def test_a_truth_of_another_genome_stops_with_what_bcftools_says(fast: Outcome) -> None:
    truth = gzip.decompress((fast.storage / "reference" / "truth.vcf.gz").read_bytes())
    done = compare_with(fast, gzip_bytes(truth.replace(b"gi|9626243|ref|NC_001416.1|", b"chrZ")))
    assert done.returncode == 1
    assert "bcftools norm of" in done.stderr
    assert "chrZ" in done.stderr
    assert not (fast.storage / "a.json").exists()
