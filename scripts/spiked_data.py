"""Lay data of known truth on a shared storage: a real genome, variants spiked into two copies of it, and reads of both.

    python -m scripts.spiked_data --storage DIR [--genome lambda|ecoli] [--depth 30] [--seed 1]

The genomes are Debian's (bowtie2-examples: lambda phage, 48,502 bases; bowtie-examples: Escherichia coli 536, 4,938,920
bases). The reads are drawn by ART with the quality profile of a HiSeq 2500 (150 bases, fragments of 350 +- 60). One
variant in 1,000 bases is a single base (two transitions to a transversion), one in 5,000 an insertion or deletion of 1
to 10 bases; a third is on both copies. 4 % of the pairs are read a second time under another name, as a PCR would leave
them. The same arguments give the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

from scripts.example_data import examples, gzip_bytes, write
from scripts.talk import UserError, run_program

PROJECT, SITE, SAMPLE = "spiked", "hyd-01", "T001"
SNV_BASES, INDEL_BASES, LONGEST_INDEL = 1000, 5000, 10
BOTH_COPIES, CLONED = 1 / 3, 0.04
READ_LENGTH, FRAGMENT, FRAGMENT_SPREAD = 150, 350, 60
# Far enough from each other that no two are one event to an aligner, and no read covers three.
SPACING = 50

_TRANSITION = {"A": "G", "G": "A", "C": "T", "T": "C"}
_TRANSVERSION = {"A": "CT", "G": "CT", "C": "AG", "T": "AG"}


@dataclass(frozen=True)
class Variant:
    """A change as a VCF has it; ``position`` counts from 1. ``copies`` are those of the two it is on."""

    position: int
    reference: str
    alternative: str
    copies: tuple[bool, bool]


def genomes() -> dict[str, Path]:
    """Name -> FASTA."""
    place = examples()
    return {
        "lambda": place / "reference" / "lambda_virus.fa.gz",
        "ecoli": place.parents[1] / "bowtie" / "examples" / "genomes" / "NC_008253.fna.gz",
    }


def read_genome(path: Path) -> tuple[str, str]:
    """(name, bases) of a FASTA of one sequence."""
    header, *lines = gzip.decompress(path.read_bytes()).decode("ascii").splitlines()
    return header[1:].split()[0], "".join(lines).upper()


def draw_variants(bases: str, seed: int) -> list[Variant]:
    """Variants in order of position, none nearer than :data:`SPACING` to the next."""
    chance = random.Random(seed)  # noqa: S311
    wanted = [True] * (len(bases) // SNV_BASES) + [False] * (len(bases) // INDEL_BASES)
    places = sorted(chance.sample(range(READ_LENGTH // SPACING, (len(bases) - READ_LENGTH) // SPACING), len(wanted)))
    chance.shuffle(wanted)
    found = []
    for place, is_snv in zip(places, wanted, strict=True):
        index = place * SPACING
        before = bases[index]
        if before not in _TRANSITION:
            continue
        if is_snv:
            change = (before, _TRANSITION[before] if chance.random() < 2 / 3 else chance.choice(_TRANSVERSION[before]))
        elif chance.random() < 0.5:
            change = (before, before + "".join(chance.choices("ACGT", k=chance.randint(1, LONGEST_INDEL))))
        else:
            change = (bases[index : index + 1 + chance.randint(1, LONGEST_INDEL)], before)
        on_both, first = chance.random() < BOTH_COPIES, chance.random() < 0.5
        found.append(Variant(index + 1, *change, (on_both or first, on_both or not first)))
    return found


def spike(bases: str, variants: list[Variant], copy: int) -> str:
    """One copy of the genome with its variants."""
    parts, at = [], 0
    for variant in variants:
        if variant.copies[copy]:
            parts += [bases[at : variant.position - 1], variant.alternative]
            at = variant.position - 1 + len(variant.reference)
    return "".join([*parts, bases[at:]])


def to_vcf(name: str, length: int, variants: list[Variant]) -> str:
    lines = [
        "##fileformat=VCFv4.3",
        f"##contig=<ID={name},length={length}>",
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{SAMPLE}",
    ]
    for variant in variants:
        genotype = "|".join(str(int(copy)) for copy in variant.copies)
        lines.append(
            f"{name}\t{variant.position}\t.\t{variant.reference}\t{variant.alternative}\t.\tPASS\t.\tGT\t{genotype}"
        )
    return "\n".join(lines) + "\n"


def draw_reads(copies: list[str], depth: float, seed: int) -> tuple[bytes, bytes]:
    """Both mates of the reads of all copies, ``depth`` bases over each base of the genome in all."""
    with tempfile.TemporaryDirectory() as folder:

        def draw(number: int) -> tuple[bytes, bytes]:
            fasta = Path(folder) / f"copy{number}.fa"
            fasta.write_text(f">copy{number}\n{copies[number]}\n", encoding="ascii")
            command = [
                "art_illumina", "-ss", "HS25", "-p", "-na", "-q", "-l", READ_LENGTH, "-m", FRAGMENT, "-s",
                FRAGMENT_SPREAD, "-f", depth / len(copies), "-rs", seed + number, "-i", fasta, "-o",
                Path(folder) / f"copy{number}_",
            ]  # fmt: skip
            subprocess.run([str(word) for word in command], check=True, capture_output=True)
            first, second = ((Path(folder) / f"copy{number}_{mate}.fq").read_bytes() for mate in (1, 2))
            return first, second

        with ThreadPoolExecutor(len(copies)) as pool:
            drawn = list(pool.map(draw, range(len(copies))))
    mates = [b"".join(each[mate] for each in drawn).splitlines(keepends=True) for mate in (0, 1)]
    chance = random.Random(seed)  # noqa: S311
    cloned = [record for record in range(len(mates[0]) // 4) if chance.random() < CLONED]
    first, second = (b"".join([*lines, *_clones(lines, cloned)]) for lines in mates)
    return first, second


def _clones(lines: list[bytes], records: list[int]) -> Iterator[bytes]:
    for record in records:
        name, *rest = lines[4 * record : 4 * record + 4]
        yield b"@clone-" + name[1:]
        yield from rest


def lay_out(
    storage: Path,
    genome: str = "lambda",
    depth: float = 30,
    seed: int = 1,
    toolchain: str = "classic",
    aligner: str = "both",
) -> Path:
    """Write the data; returns the sample sheet.

    Args:
        storage: the root of the shared storage.
        genome: a name of :func:`genomes`.
        depth: mean number of reads over a base.
        seed: of variants and reads.
        toolchain: for the configuration beside the sheet.
        aligner: of the sample.
    """
    source = genomes()[genome]
    name, bases = read_genome(source)
    variants = draw_variants(bases, seed)
    mates = draw_reads([spike(bases, variants, copy) for copy in (0, 1)], depth, seed)
    folder, reference = storage / "active" / PROJECT, storage / "reference"
    write(reference / f"{genome}.fa.gz", source.read_bytes())
    write(reference / f"{genome}-truth-{seed}.vcf.gz", gzip_bytes(to_vcf(name, len(bases), variants).encode()))
    names, sums = [], []
    for mate, content in zip(("R1", "R2"), mates, strict=True):
        names.append(f"{PROJECT}/rs_{PROJECT}_{SITE}_{SAMPLE}_{mate}.fastq.gz")
        sums.append(write(storage / "active" / names[-1], gzip_bytes(content)))
    write(folder / "config.yaml", yaml.safe_dump({"reference": f"{genome}.fa.gz", "toolchain": toolchain}).encode())
    header = "sample\tproject\tsite\tfastq_1\tfastq_2\tmd5_1\tmd5_2\taligner\ttruth"
    row = "\t".join([SAMPLE, PROJECT, SITE, *names, *sums, aligner, f"{genome}-truth-{seed}.vcf.gz"])
    sheet = folder / "samples.tsv"
    write(sheet, f"{header}\n{row}\n".encode())
    return sheet


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.spiked_data", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--storage", type=Path, required=True, help="the root of the shared storage")
    parser.add_argument("--genome", choices=sorted(genomes()), default="lambda", help="(default: lambda)")
    parser.add_argument("--depth", type=float, default=30, help="mean depth of the reads (default: 30)")
    parser.add_argument("--seed", type=int, default=1, help="(default: 1)")
    arguments = parser.parse_args()
    if arguments.depth <= 0:
        raise UserError(f"--depth {arguments.depth:g}: it must be above 0")
    sheet = lay_out(arguments.storage, arguments.genome, arguments.depth, arguments.seed)
    sys.stdout.write(f"the sample sheet is {sheet}\n")
    return 0


if __name__ == "__main__":
    run_program(main)
