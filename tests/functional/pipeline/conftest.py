"""One real run on lambda phage, shared by the tests of this folder, with bad samples beside the good ones."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.sequencing.steps.versions import missing_tools
from scripts.example_data import examples, gzip_bytes, lay_out
from scripts.paths import REPOSITORY
from scripts.spiked_data import draw_reads, draw_variants, genomes, read_genome, spike, to_vcf
from tests.patience import PATIENCE
from tests.unit.pipeline import fastq

CLONES = 200
"""Read pairs that the good sample holds twice, under another name: Picard must find each of them."""

HEADER = "sample\tproject\tsite\tfastq_1\tfastq_2\tmd5_1\tmd5_2\taligner\ttruth"

# Name of a bad sample -> (what is done to its second mate, the md5 in the sheet, what its reason must say)
BAD: dict[str, tuple[Callable[[bytes], bytes], str, str]] = {
    "cut-off": (lambda content: content[: len(content) // 2], "", "the gzip ends too early"),
    "bit-flip": (fastq.bit_flipped, "", "the gzip is damaged"),
    "short-mate": (lambda content: fastq.without_the_end(content, 40), "", "has 300 reads but .* has 290"),
    "half-record": (lambda content: fastq.without_the_end(content, 2), "", "the file ends inside read 300"),
    "length-differs": (fastq.one_quality_short, "", "read 11 .* bases but .* qualities"),
    "empty-file": (lambda _: b"", "", r"the file is empty \(0 bytes\)"),
    "empty-gzip": (lambda _: gzip_bytes(b""), "", "there is no read in it"),
    "windows": (fastq.windows_lines, "", "the lines end in CR LF"),
    "wrong-md5": (lambda content: content, "0" * 32, "its md5 is .*, but the sample sheet says 0000"),
    "not-fastq": (lambda _: gzip_bytes(b"this is a letter\n"), "", "this is not FASTQ"),
}


@dataclass(frozen=True)
class Outcome:
    """A run that has ended: its storage, exit code and what it printed."""

    storage: Path
    run_id: str
    exit_code: int
    said: str

    @property
    def directory(self) -> Path:
        return self.storage / "intermediate" / self.run_id

    @property
    def published(self) -> Path:
        return self.storage / "published"

    def state(self, sample: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(
            (self.directory / "samples" / f"lambda-phage_hyd-01_{sample}" / "status.json").read_text(encoding="utf-8")
        )
        return document

    def finished_rules(self) -> list[str]:
        """The rules that this start of the run carried out, in order."""
        events = [
            json.loads(line) for line in (self.directory / "events.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        rules = {event["job"]: event["rule"] for event in events if event["event"] == "started"}
        return [rules[event["job"]] for event in events if event["event"] == "finished"]


def command(storage: Path, sheet: Path, run_id: str, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "scripts.pipeline", "run", "--storage", str(storage), "--samples", str(sheet),
        "--run-id", run_id, "--cores", "2", *more,
    ]  # fmt: skip


def run_pipeline(storage: Path, sheet: Path, run_id: str, *more: str) -> Outcome:
    done = subprocess.run(
        command(storage, sheet, run_id, *more),
        cwd=REPOSITORY, capture_output=True, text=True, timeout=10 * PATIENCE, check=False,
    )  # fmt: skip
    return Outcome(storage, run_id, done.returncode, done.stdout + done.stderr)


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    if absent := missing_tools():
        pytest.fail(f"not on this machine: {', '.join(absent)}; run: make tools", pytrace=False)
    examples()


def pairs(number: int, start: int = 0) -> tuple[bytes, bytes]:
    """Some of the example's read pairs, packed."""
    mates = []
    for mate in (1, 2):
        lines = gzip.decompress((examples() / "reads" / f"reads_{mate}.fq.gz").read_bytes()).splitlines(keepends=True)
        mates.append(gzip_bytes(b"".join(lines[4 * start : 4 * (start + number)])))
    return mates[0], mates[1]


def with_clones(content: bytes) -> bytes:
    """The last pairs once more under other names, as a PCR would leave them."""
    lines = gzip.decompress(content).splitlines(keepends=True)
    clones = [b"@clone-" + line[1:] if n % 4 == 0 else line for n, line in enumerate(lines[-4 * CLONES :])]
    return gzip_bytes(b"".join(lines + clones))


def add_sample(
    storage: Path, sample: str, content: tuple[bytes, bytes], md5: str = "", aligner: str = "bwa", truth: str = ""
) -> str:
    """Write the FASTQ of a sample below active/; returns its line of the sample sheet."""
    names = [f"lambda-phage/{sample}_{mate}.fastq.gz" for mate in ("R1", "R2")]
    for name, packed in zip(names, content, strict=True):
        (storage / "active" / name).write_bytes(packed)
    return "\t".join([sample, "lambda-phage", "hyd-01", *names, "", md5, aligner, truth])


def write_sheet(storage: Path, *lines: str) -> Path:
    sheet = storage / "active" / "lambda-phage" / "samples.tsv"
    sheet.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return sheet


def new_storage(folder: Path) -> Path:
    """A shared storage with the genome; there is a space in its name."""
    storage = folder / "shared storage"
    lay_out(storage, pairs=100)
    return storage


def add_good_samples(storage: Path) -> list[str]:
    """One of the example's reads with clones, and one of known truth at a depth of 30; both for both aligners."""
    first, second = pairs(6000)
    good = add_sample(storage, "good", (with_clones(first), with_clones(second)), aligner="both")
    name, bases = read_genome(genomes()["lambda"])
    variants = draw_variants(bases, seed=1)
    truth = storage / "reference" / "truth.vcf.gz"
    truth.write_bytes(gzip_bytes(to_vcf(name, len(bases), variants).encode()))
    drawn = draw_reads([spike(bases, variants, copy) for copy in (0, 1)], depth=30, seed=1)
    spiked = (gzip_bytes(drawn[0]), gzip_bytes(drawn[1]))
    return [good, add_sample(storage, "spiked", spiked, aligner="both", truth=truth.name)]


@pytest.fixture(scope="session")
def fast(tmp_path_factory: pytest.TempPathFactory, tools: None) -> Outcome:
    """The good samples through the fast toolchain, with MultiQC's page."""
    storage = new_storage(tmp_path_factory.mktemp("fast"))
    sheet = write_sheet(storage, *add_good_samples(storage))
    with (sheet.parent / "config.yaml").open("a", encoding="utf-8") as config:
        config.write("toolchain: fast\n")
    return run_pipeline(storage, sheet, "fast", "--multiqc")


@pytest.fixture(scope="session")
def outcome(tmp_path_factory: pytest.TempPathFactory, tools: None) -> Outcome:
    """The good samples, one of several gzip members, all the bad ones, and one that is missing; classic toolchain."""
    storage = new_storage(tmp_path_factory.mktemp("pipeline"))
    lines = add_good_samples(storage)
    first, second = pairs(1000, start=6000)
    lines.append(add_sample(storage, "members", (fastq.multi_member(first), fastq.multi_member(second))))
    for number, (sample, (change, md5, _)) in enumerate(BAD.items()):
        first, second = pairs(300, start=7000 + 200 * number)
        lines.append(add_sample(storage, sample, (first, change(second)), md5))
    lines.append(add_sample(storage, "missing", (first, second)))
    (storage / "active" / "lambda-phage" / "missing_R1.fastq.gz").unlink()
    return run_pipeline(storage, write_sheet(storage, *lines), "lambda")
