"""A sample as the sample sheet describes it."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.naming import SampleName

ALIGNERS = ("bwa", "bowtie2")


@dataclass(frozen=True)
class Sample:
    """One row of the sample sheet. Paths are relative to ``active/``; an md5 is empty when it is not known.

    ``truth`` is a VCF of the variants that the sample has, ``truth_regions`` a BED of where it says all (both relative
    to ``reference/``, both empty when there is none).
    """

    name: SampleName
    fastq: tuple[str, str]
    md5: tuple[str, str]
    aligners: tuple[str, ...]
    truth: str = ""
    truth_regions: str = ""

    @property
    def id(self) -> str:
        return self.name.id
