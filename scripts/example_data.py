"""Lay the example data on a shared storage: the lambda phage genome and reads of it, from Debian's bowtie2-examples.

The genome is the real one; the reads were drawn from it by a program (its authors say so in the package).

    python -m scripts.example_data --storage DIR [--samples N] [--pairs N]

The same arguments give the same bytes. Written are ``active/lambda-phage/`` (FASTQ, ``samples.tsv``, ``config.yaml``)
and ``reference/NC_001416.fa.gz``.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import sys
from itertools import islice
from pathlib import Path

from scripts.paths import BUILD, REPOSITORY
from scripts.talk import UserError, run_program

PROJECT, SITE = "lambda-phage", "hyd-01"
CONFIG = REPOSITORY / "pipelines" / "sequencing" / "config" / "lambda-phage.yaml"
PAIRS_IN_ALL = 10_000


def examples() -> Path:
    """Where ``make tools`` unpacks the package (``KOSHA_EXAMPLES``, else ``.build/examples``)."""
    place = Path(os.environ.get("KOSHA_EXAMPLES") or BUILD / "examples") / "usr/share/doc/bowtie2/examples"
    if not (place / "reads" / "reads_1.fq.gz").is_file():
        raise UserError(f"the example reads are not below {place}; run: make tools")
    return place


def gzip_bytes(content: bytes) -> bytes:
    """Gzip without a date or a name in it, so that the same content gives the same bytes."""
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0, compresslevel=6) as file:
        file.write(content)
    return packed.getvalue()


def write(path: Path, content: bytes) -> str:
    """Write a file whole, unless it is there with this content; returns its md5."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_bytes() != content:
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(content)
        part.replace(path)
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def lay_out(storage: Path, samples: int = 1, pairs: int = PAIRS_IN_ALL, first_number: int = 1) -> Path:
    """Write the example data; returns the sample sheet.

    Args:
        storage: the root of the shared storage.
        samples: how many samples; the pairs are shared out among them in order.
        pairs: how many of the 10,000 read pairs to use.
        first_number: of the first sample (S001).
    """
    if not 1 <= samples <= pairs <= PAIRS_IN_ALL:
        raise UserError(
            f"--samples {samples} --pairs {pairs}: there are {PAIRS_IN_ALL} pairs, and a sample needs one or more"
        )
    source = examples()
    folder = storage / "active" / PROJECT
    rows = ["sample\tproject\tsite\tfastq_1\tfastq_2\tmd5_1\tmd5_2\taligner"]
    each = pairs // samples
    with (
        gzip.open(source / "reads" / "reads_1.fq.gz") as forward,
        gzip.open(source / "reads" / "reads_2.fq.gz") as reverse,
    ):
        for number in range(first_number, first_number + samples):
            sample = f"S{number:03}"
            names, sums = [], []
            for mate, file in (("R1", forward), ("R2", reverse)):
                name = f"rs_{PROJECT}_{SITE}_{sample}_{mate}.fastq.gz"
                sums.append(write(folder / name, gzip_bytes(b"".join(islice(file, 4 * each)))))
                names.append(f"{PROJECT}/{name}")
            rows.append("\t".join([sample, PROJECT, SITE, *names, *sums, "both"]))
    genome = gzip.decompress((source / "reference" / "lambda_virus.fa.gz").read_bytes())
    write(storage / "reference" / "NC_001416.fa.gz", gzip_bytes(genome))
    write(folder / "config.yaml", CONFIG.read_bytes())
    sheet = folder / "samples.tsv"
    write(sheet, ("\n".join(rows) + "\n").encode())
    return sheet


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.example_data", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--storage", type=Path, required=True, help="the root of the shared storage")
    parser.add_argument("--samples", type=int, default=1, help="how many samples (default: 1)")
    parser.add_argument("--pairs", type=int, default=PAIRS_IN_ALL, help="how many read pairs in all (default: 10000)")
    arguments = parser.parse_args()
    sheet = lay_out(arguments.storage, arguments.samples, arguments.pairs)
    sys.stdout.write(f"the sample sheet is {sheet}\n")
    return 0


if __name__ == "__main__":
    run_program(main)
