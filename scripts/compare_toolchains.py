"""Run both toolchains on data of known truth; print how right each is and where they differ (``make truth``).

    python -m scripts.compare_toolchains [--genome lambda|ecoli] [--depth 30] [--seed 1] [--storage DIR] [--cores N]

Exit codes: 0 every call is as good as it must be at a depth of 30 or more, 1 one is not, or a run failed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from pipelines.naming import SampleName, catalogue
from pipelines.sequencing.engine import Place
from pipelines.sequencing.run import write_atomically
from pipelines.sequencing.sample import ALIGNERS
from scripts.paths import BUILD
from scripts.pipeline import TOOLCHAINS, make_run, run_pipeline
from scripts.spiked_data import PROJECT, SAMPLE, SITE, genomes, lay_out
from scripts.talk import UserError, make_console, run_program

NAME = SampleName(PROJECT, SITE, SAMPLE)
# The least share at a depth of 30; what was measured lies a little above (docs/adr/0024).
GATES = {("snv", "recall"): 0.985, ("snv", "precision"): 0.998, ("indel", "recall"): 0.97}
GATED_DEPTH = 30

_LEFT_OUT = 0x900  # secondary and supplementary alignments
_DUPLICATE = 0x400
_MATE = 0xC0
console = make_console()


@dataclass(frozen=True)
class Read:
    """A primary alignment as two toolchains can be compared by it."""

    flag: int
    place: tuple[str, str]
    cigar: str
    quality: str
    bases: int


@dataclass(frozen=True)
class Agreement:
    """Reads and variants of the two toolchains for one aligner.

    ``trimmed_alike`` and what follows up to the duplicates are of the reads that are in both. Of reads that are copies
    of each other each tool leaves another one unmarked, so duplicates are matched by where they lie. A read that fits
    several places equally well (mapping quality 0) gets one by its number in the file, which a dropped pair moves.
    """

    classic_only: int
    fast_only: int
    both: int
    trimmed_alike: int
    same_place: int
    same_place_of_alike: int
    same_alignment_of_alike: int
    in_one_place_only: int
    same_place_of_these: int
    duplicates_in_both: int
    duplicates_classic_only: int
    duplicates_fast_only: int
    variants_in_both: int
    variants_classic_only: int
    variants_fast_only: int


def read_alignments(path: Path, genome: Path) -> dict[tuple[str, int], Read]:
    """(name, bits of the mate) -> primary alignment, of a BAM or CRAM."""
    command = ["samtools", "view", "-F", str(_LEFT_OUT), "--reference", str(genome), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as view:
        assert view.stdout is not None
        reads = {(name, read.flag & _MATE): read for name, read in map(_read, view.stdout)}
    if view.returncode:
        raise UserError(f"{path}: samtools cannot read it")
    return reads


def _read(line: str) -> tuple[str, Read]:
    name, flag, contig, position, quality, cigar, _, _, _, bases, *_ = line.split("\t")
    return name, Read(int(flag), (contig, position), cigar, quality, len(bases))


def agreement(
    classic: dict[tuple[str, int], Read], fast: dict[tuple[str, int], Read], variants: Counter[str]
) -> Agreement:
    """Compare read by read. ``variants`` counts them by where they are (see :func:`compare_calls`)."""
    pairs = [(classic[key], fast[key]) for key in classic.keys() & fast.keys()]
    alike = [(ours, theirs) for ours, theirs in pairs if ours.bases == theirs.bases]
    certain = [(ours, theirs) for ours, theirs in alike if ours.quality != "0" and theirs.quality != "0"]
    marked = [Counter((r.place, r.flag) for r in reads.values() if r.flag & _DUPLICATE) for reads in (classic, fast)]
    return Agreement(
        classic_only=len(classic) - len(pairs),
        fast_only=len(fast) - len(pairs),
        both=len(pairs),
        trimmed_alike=len(alike),
        same_place=sum(ours.place == theirs.place for ours, theirs in pairs),
        same_place_of_alike=sum(ours.place == theirs.place for ours, theirs in alike),
        same_alignment_of_alike=sum(_without_mark(ours) == _without_mark(theirs) for ours, theirs in alike),
        in_one_place_only=len(certain),
        same_place_of_these=sum(ours.place == theirs.place for ours, theirs in certain),
        duplicates_in_both=(marked[0] & marked[1]).total(),
        duplicates_classic_only=(marked[0] - marked[1]).total(),
        duplicates_fast_only=(marked[1] - marked[0]).total(),
        variants_in_both=variants["11"],
        variants_classic_only=variants["10"],
        variants_fast_only=variants["01"],
    )


def _without_mark(read: Read) -> tuple[int, tuple[str, str], str, str]:
    return read.flag & ~_DUPLICATE, read.place, read.cigar, read.quality


def compare_calls(classic: Path, fast: Path) -> Counter[str]:
    """Number of variants that pass in both (``11``), in classic only (``10``), in fast only (``01``)."""
    command = ["bcftools", "isec", "-c", "none", "-f", ".,PASS", "-n", "+1", str(classic), str(fast)]
    sites = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Counter(line.rpartition("\t")[2] for line in sites.splitlines())


def published(storage: Path, data_class: str, part: str, extension: str) -> Path:
    return storage / "published" / catalogue().key(data_class, NAME, part, extension)


def _summary(storage: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        published(storage, "processed_genome", "summary", "json").read_text(encoding="utf-8")
    )
    return document


def compare(storages: dict[str, Path]) -> dict[str, Agreement]:
    """Aligner -> agreement of the two toolchains' published reads."""
    reference = next((storages["fast"] / "reference" / "indexes").glob("*/fasta/genome.fa"))
    formats = {"classic": "bam", "fast": "cram"}
    found = {}
    for aligner in ALIGNERS:
        classic, fast = (
            read_alignments(published(storages[name], "aligned_reads", aligner, formats[name]), reference)
            for name in TOOLCHAINS
        )
        calls = compare_calls(*(published(storages[name], "variant_calls", aligner, "vcf.gz") for name in TOOLCHAINS))
        found[aligner] = agreement(classic, fast, calls)
    return found


def shortfalls(storages: dict[str, Path]) -> Iterator[str]:
    """One sentence for each share that is below its gate."""
    for toolchain, storage in storages.items():
        for aligner, numbers in _summary(storage)["alignments"].items():
            for (kind, share), least in GATES.items():
                if (value := numbers["accuracy"][kind][share]) is None or value < least:
                    yield f"{toolchain}, {aligner}: {share} of {kind}s is {value}, but must be {least} or more"


def _show(storages: dict[str, Path], agreements: dict[str, Agreement]) -> None:
    table = Table(title="How right the calls are", title_justify="left")
    for heading in ("toolchain", "aligner", "kind", "recall", "precision", "found", "missed", "wrong"):
        table.add_column(heading, justify="right" if heading in ("recall", "precision", "found") else "left")
    for toolchain, storage in storages.items():
        for aligner, numbers in _summary(storage)["alignments"].items():
            for kind in ("snv", "indel"):
                shares = numbers["accuracy"][kind]
                counts = [str(shares[f"{name}s"]) for name in ("true_positive", "false_negative", "false_positive")]
                table.add_row(
                    toolchain, aligner, kind, f"{shares['recall'] or 0:.4f}", f"{shares['precision'] or 0:.4f}", *counts
                )
    console.print(table)
    table = Table(title="Where classic and fast agree", title_justify="left")
    table.add_column("")
    for aligner in agreements:
        table.add_column(aligner, justify="right")
    for name in asdict(next(iter(agreements.values()))):
        table.add_row(name.replace("_", " "), *(str(getattr(each, name)) for each in agreements.values()))
    console.print(table)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.compare_toolchains",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--genome", choices=sorted(genomes()), default="ecoli", help="(default: ecoli)")
    parser.add_argument("--depth", type=float, default=30, help="mean depth of the reads (default: 30)")
    parser.add_argument("--seed", type=int, default=1, help="(default: 1)")
    parser.add_argument("--storage", type=Path, default=BUILD / "truth", help="where to work (default: .build/truth)")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="(default: all)")
    arguments = parser.parse_args()
    if arguments.depth <= 0:
        raise UserError(f"--depth {arguments.depth:g}: it must be above 0")
    storages = {name: arguments.storage / f"{arguments.genome}-{name}" for name in TOOLCHAINS}
    for toolchain, storage in storages.items():
        console.print(f"{toolchain}: drawing the reads", highlight=False)
        sheet = lay_out(storage, arguments.genome, arguments.depth, arguments.seed, toolchain)
        run = make_run(storage, sheet, None, f"{arguments.depth:g}x-{arguments.seed}")
        if run_pipeline(run, Place(arguments.cores), console):
            raise UserError(f"the run of the toolchain {toolchain} failed: {run.directory}")
    agreements = compare(storages)
    _show(storages, agreements)
    write_atomically(
        arguments.storage / f"{arguments.genome}.json",
        json.dumps({aligner: asdict(each) for aligner, each in agreements.items()}, indent=2) + "\n",
    )
    if arguments.depth < GATED_DEPTH:
        console.print(f"no gate: below a depth of {GATED_DEPTH} fewer variants can be found", highlight=False)
        return 0
    below = list(shortfalls(storages))
    for sentence in below:
        console.print(f"[red]below the gate[/] {sentence}", highlight=False)
    return 1 if below else 0


if __name__ == "__main__":
    run_program(main)
