"""The reference genome and its indexes below ``reference/indexes/``, shared by all runs.

Each part (``fasta``, ``bwa``, ``bowtie2``) is a directory that is made beside its place and renamed into it, so it is
there whole or not at all; of two runs that make the same part at once, the second throws its own away.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import zlib
from pathlib import Path

from pipelines.sequencing.run import Run
from pipelines.sequencing.status import BadData

PARTS = ("fasta", "bwa", "bowtie2")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_part(run: Run, part: str) -> Path:
    """Make one part unless it is there; raises :class:`BadData` when the genome is no FASTA."""
    place = run.reference_directory / part
    if place.is_dir():
        return place
    work = run.reference_directory / f".{part}.{os.uname().nodename}.{os.getpid()}.tmp"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        if part == "fasta":
            _write_fasta(run, work / "genome.fa")
            subprocess.run(["samtools", "faidx", "genome.fa"], cwd=work, check=True)
            subprocess.run(["samtools", "dict", "-o", "genome.dict", "genome.fa"], cwd=work, check=True)
        else:
            genome = run.reference_directory / "fasta" / "genome.fa"
            command = {
                "bwa": ["bwa", "index", "-p", "genome", str(genome)],
                "bowtie2": ["bowtie2-build", "--quiet", "--threads", "2", str(genome), "genome"],
            }[part]
            subprocess.run(command, cwd=work, check=True)
        try:
            work.rename(place)
        except OSError:
            if not place.is_dir():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return place


def _write_fasta(run: Run, target: Path) -> None:
    source = Path(run.reference["source"])
    if sha256_of(source) != run.reference["sha256"]:
        raise BadData(f"{source}: the genome changed after the run was started; start the run again")
    try:
        with (gzip.open if source.suffix == ".gz" else open)(source, "rb") as file, target.open("wb") as out:
            if file.read(1) != b">":
                raise BadData(f"{source}: this is not FASTA: it does not start with >")
            out.write(b">")
            shutil.copyfileobj(file, out, 1 << 20)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadData(f"{source}: the gzip is damaged ({error}); copy it again") from None
