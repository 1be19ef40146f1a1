"""The real tools on real-format reads of lambda phage: what each of them wrote is looked at, not only that it ran."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from common import catalogue
from common.classification import Classification, classify
from pipelines.sequencing.steps.metrics import read_fastqc, read_picard
from tests.functional.pipeline.conftest import BAD, CLONES, Outcome

GOOD_PAIRS = 6000 + CLONES
NAME = "lambda-phage_hyd-01_good"


def published(outcome: Outcome, prefix: str, name: str) -> Path:
    return outcome.published / prefix / "lambda-phage" / name


def bam(outcome: Outcome, aligner: str, sample: str = "good") -> Path:
    return published(outcome, "aligned-reads", f"ar_lambda-phage_hyd-01_{sample}_{aligner}.bam")


def quality(outcome: Outcome, part: str) -> Path:
    return published(outcome, "quality-reports", f"qc_{NAME}_{part}")


def summary(outcome: Outcome) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        published(outcome, "processed-genomes", f"pg_{NAME}_summary.json").read_text("utf-8")
    )
    return document


def samtools(*arguments: str | Path) -> str:
    return subprocess.run(["samtools", *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def test_ends_with_65_because_some_samples_have_bad_data(outcome: Outcome) -> None:
    assert outcome.exit_code == 65, outcome.said
    assert json.loads((outcome.directory / "result.json").read_text("utf-8"))["exit_code"] == 65


@pytest.mark.parametrize("sample", ["good", "members", "spiked"])
def test_publishes_the_good_samples_all_the_same(outcome: Outcome, sample: str) -> None:
    assert outcome.state(sample)["state"] == "published", outcome.said
    assert samtools("quickcheck", bam(outcome, "bwa", sample)) == ""


@pytest.mark.parametrize("sample", BAD)
def test_stops_each_bad_sample_with_its_reason_and_publishes_nothing_of_it(outcome: Outcome, sample: str) -> None:
    status = outcome.state(sample)
    assert (status["state"], status["step"]) == ("stopped", "check")
    assert re.search(BAD[sample][2], " ".join(status["reasons"]))
    assert f"lambda-phage/{sample}_R" in status["reasons"][0]
    assert not list(outcome.published.rglob(f"*_{sample}_*"))
    assert sample in outcome.said


def test_stops_a_sample_whose_fastq_is_missing(outcome: Outcome) -> None:
    assert outcome.state("missing")["reasons"] == ["lambda-phage/missing_R1.fastq.gz: there is no such file in active/"]


def test_says_nothing_that_looks_like_a_stack_trace(outcome: Outcome) -> None:
    assert "Traceback" not in outcome.said


def test_fastqc_read_every_read_before_and_after_trimming(outcome: Outcome) -> None:
    for stage, expected in (("raw", GOOD_PAIRS), ("trimmed", summary(outcome)["trimming"]["both"])):
        for mate in ("R1", "R2"):
            report = read_fastqc(quality(outcome, f"fastqc-{stage}-{mate}.zip"))
            assert report.reads == expected
            assert 47 <= report.gc_percent <= 51  # the genome has 49.86 %
            assert report.modules["Basic Statistics"] == "pass"
            assert b"FastQC Report" in quality(outcome, f"fastqc-{stage}-{mate}.html").read_bytes()
            assert zipfile.ZipFile(quality(outcome, f"fastqc-{stage}-{mate}.zip")).testzip() is None


def test_trimmomatic_raised_the_quality_and_accounts_for_every_pair(outcome: Outcome) -> None:
    trimming = summary(outcome)["trimming"]
    assert trimming["pairs"] == GOOD_PAIRS
    assert trimming["both"] + trimming["first_only"] + trimming["second_only"] + trimming["dropped"] == GOOD_PAIRS
    assert 0.5 < trimming["both_share"] < 0.7
    means = {}
    for stage in ("raw", "trimmed"):
        curve = read_fastqc(quality(outcome, f"fastqc-{stage}-R1.zip")).quality
        means[stage] = sum(value for _, value in curve) / len(curve)
    assert means["trimmed"] > means["raw"] + 2


@pytest.mark.parametrize(("aligner", "least"), [("bwa", 0.999), ("bowtie2", 0.97)])
def test_aligner_maps_the_reads_to_lambda_with_read_group_and_index(
    outcome: Outcome, aligner: str, least: float
) -> None:
    path = bam(outcome, aligner)
    header = samtools("view", "--no-PG", "-H", path)
    assert "SO:coordinate" in header
    assert "LN:48502" in header
    assert "SM:good" in header
    assert f"ID:{NAME}" in header
    assert f"PN:{aligner}" in header
    primary = int(samtools("view", "-c", "-F", "0x900", path))
    assert primary == 2 * summary(outcome)["trimming"]["both"]
    mapped = int(samtools("view", "-c", "-F", "0x904", path))
    assert mapped / primary > least
    assert int(samtools("view", "-c", "-F", "0x900", "-r", NAME, path)) == primary
    # Asking for a region works through the index only.
    assert int(samtools("view", "-c", path, "gi|9626243|ref|NC_001416.1|:10000-20000")) > 1000


@pytest.mark.parametrize("aligner", ["bwa", "bowtie2"])
def test_picard_marks_the_pairs_that_are_there_twice(outcome: Outcome, aligner: str) -> None:
    path = bam(outcome, aligner)
    names = {line.split("\t")[0] for line in samtools("view", "-F", "0x900", path).splitlines()}
    doubled = sum(1 for name in names if name.startswith("clone-") and name.removeprefix("clone-") in names)
    assert doubled > CLONES / 3  # the others did not survive trimming
    marked = [line.split("\t")[0] for line in samtools("view", "-F", "0x904", "-f", "0x400", path).splitlines()]
    row = read_picard(quality(outcome, f"{aligner}-duplicates.txt"))[0]
    assert row["LIBRARY"] == NAME
    assert 2 * int(row["READ_PAIR_DUPLICATES"]) + int(row["UNPAIRED_READ_DUPLICATES"]) == len(marked)
    share = 0.97 if aligner == "bwa" else 0.9
    assert len({name.removeprefix("clone-") for name in marked}) >= share * doubled


@pytest.mark.parametrize("aligner", ["bwa", "bowtie2"])
def test_picard_validates_and_measures_the_alignment(outcome: Outcome, aligner: str) -> None:
    assert quality(outcome, f"{aligner}-validation.txt").read_text("utf-8").strip() == "No errors found"
    pair = next(row for row in read_picard(quality(outcome, f"{aligner}-alignment.txt")) if row["CATEGORY"] == "PAIR")
    flagstat = json.loads(quality(outcome, f"{aligner}-flagstat.json").read_text("utf-8"))["QC-passed reads"]
    assert int(pair["TOTAL_READS"]) == flagstat["primary"]
    assert int(pair["PF_READS_ALIGNED"]) == flagstat["primary mapped"]
    assert 0 < float(pair["PF_MISMATCH_RATE"]) < 0.03


def test_both_aligners_put_nearly_every_read_in_the_same_place(outcome: Outcome) -> None:
    def places(aligner: str) -> dict[tuple[str, str], int]:
        rows = (
            line.split("\t") for line in samtools("view", "-F", "0x904", "-q", "20", bam(outcome, aligner)).splitlines()
        )
        return {(row[0], str(int(row[1]) & 0xC0)): int(row[3]) for row in rows}

    ours, theirs = places("bwa"), places("bowtie2")
    common = ours.keys() & theirs.keys()
    assert len(common) > 0.9 * len(ours)
    assert sum(abs(ours[read] - theirs[read]) <= 30 for read in common) > 0.995 * len(common)


def test_summaries_say_the_same_in_three_formats(outcome: Outcome) -> None:
    document = summary(outcome)
    text = published(outcome, "processed-genomes", f"pg_{NAME}_summary.yaml").read_text("utf-8")
    assert yaml.safe_load(text) == document
    with published(outcome, "processed-genomes", f"pg_{NAME}_summary.csv").open(encoding="utf-8") as file:
        rows = {row["aligner"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"bwa", "bowtie2"}
    for aligner, row in rows.items():
        assert float(row["mapped_share"]) == document["alignments"][aligner]["mapped_share"]
    assert 10 < document["alignments"]["bwa"]["mean_depth"] < 20
    assert all(edge["left"] == edge["arrived"] for edge in document["counts"])
    assert len(document["counts"]) == 11


def test_the_report_needs_nothing_else_and_draws_the_curves(outcome: Outcome) -> None:
    page = published(outcome, "processed-genomes", f"pg_{NAME}_report.html").read_text("utf-8")
    assert "Sample good" in page
    assert page.count("<svg") == 6
    assert page.count("<polyline") == 8
    assert not re.search(r"""(src|href)=|@import|url\(|<script|<link""", page)


def test_the_manifest_lists_what_was_published_with_true_checksums(outcome: Outcome) -> None:
    manifest = json.loads(published(outcome, "processed-genomes", f"pg_{NAME}_provenance.json").read_text("utf-8"))
    for file in manifest["files"]:
        assert hashlib.sha256((outcome.published / file["key"]).read_bytes()).hexdigest() == file["sha256"]
    assert set(manifest["tools"]) == {
        "fastqc", "trimmomatic", "bwa", "bowtie2", "samtools", "bcftools", "picard",
    }  # fmt: skip
    assert "unknown" not in manifest["tools"].values()
    genome = outcome.storage / "reference" / "NC_001416.fa.gz"
    assert manifest["reference"]["sha256"] == hashlib.sha256(genome.read_bytes()).hexdigest()
    source = outcome.storage / "active" / "lambda-phage" / "good_R1.fastq.gz"
    assert manifest["input"][0]["md5"] == hashlib.md5(source.read_bytes()).hexdigest()


def test_everything_published_has_a_class_and_nothing_is_half_written(outcome: Outcome) -> None:
    keys = [str(path.relative_to(outcome.published)) for path in outcome.published.rglob("*") if path.is_file()]
    assert len(keys) == 36 + 38 + 26 + 1  # both aligners, the same with a truth, bwa alone; the page of the run
    for key in keys:
        assert isinstance(classify(key, catalogue.load()), Classification), key


def test_leaves_no_large_intermediate_and_no_temporary_file(outcome: Outcome) -> None:
    left = [path.name for path in outcome.directory.rglob("*") if path.is_file() and ".snakemake" not in path.parts]
    assert not [name for name in left if name.endswith((".sam", ".fastq.gz", "sorted.bam", ".tmp", ".part"))]
