"""What steps whose memory grows with the genome ask for, in MB (docs/sizing.md has what was measured)."""

from __future__ import annotations

from pathlib import Path

_LONGEST_CONTIG = 250_000_000
"""Human chromosome 1. Where a genome has a longer one, the second attempt has twice the memory."""


def bases_of(genome: Path) -> int:
    """About how many: a packed FASTA is a quarter of its bases. 0 for a missing file, which another step reports."""
    if not genome.is_file():
        return 0
    return genome.stat().st_size * (4 if genome.suffix == ".gz" else 1)


def indexing_mb(bases: int, part: str) -> int:
    """A part of the reference: BWA takes 10 bytes a base up to 50 million, above 1.8; Bowtie 2 less than 16 GB for a
    human genome, as its manual says.
    """
    return 1000 + {"fasta": 0, "bwa": 2, "bowtie2": 4}[part] * bases // 1_000_000


def aligning_mb(bases: int, sorting_mb: int) -> int:
    """The index, nearly two bytes a base (BWA 1.75, Bowtie 2 1.2), and what the stream holds of the reads."""
    return 1500 + 2 * bases // 1_000_000 + 2 * sorting_mb


def calling_mb(bases: int, threads: int) -> int:
    """A process for each thread holds a contig twice (for the pileup and for the CRAM) and little else."""
    return threads * (200 + 2 * min(bases, _LONGEST_CONTIG) // 1_000_000)
