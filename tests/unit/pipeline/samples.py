"""A run on paper, for tests that need no tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines.naming import SampleName
from pipelines.sequencing.run import Run
from pipelines.sequencing.sample import Sample
from pipelines.sequencing.steps.publish import plan
from pipelines.sequencing.steps.reference import sha256_of

CONFIG: dict[str, Any] = {
    "toolchain": "classic",
    "platform": "ILLUMINA",
    "adapters": "TruSeq3-PE-2.fa",
    "trimming": ["MINLEN:36"],
    "variants": {"ploidy": 2, "min_quality": 20, "min_depth": 5, "max_depth": 1000},
    "memory_mb": {"trimming": 1000, "sorting": 256, "picard": 2000},
}


def make_run(
    storage: Path, run_id: str = "first", aligners: tuple[str, ...] = ("bwa", "bowtie2"), toolchain: str = "classic"
) -> Run:
    name = SampleName("lambda-phage", "hyd-01", "S001")
    sample = Sample(name, ("in/R1.fastq.gz", "in/R2.fastq.gz"), ("", ""), aligners)
    reference = {"name": "genome", "source": str(storage / "reference" / "genome.fa"), "sha256": "ab" * 32}
    return Run(run_id, storage, reference, CONFIG | {"toolchain": toolchain}, (sample,))


def finished_files(run: Run, stamp: str = "") -> dict[str, Any]:
    """Write a stand-in for every file that a finished sample has; returns the result of its input check.

    ``stamp`` goes into what FastQC and Picard would date.
    """
    sample = run.samples[0]
    for planned in plan(run, sample.id):
        planned.source.parent.mkdir(parents=True, exist_ok=True)
        dated = stamp if "fastqc" in planned.source.name or planned.source.suffix == ".txt" else ""
        planned.source.write_text(f"content of {planned.key}{dated}", encoding="utf-8")
    files = [{"file": name, "sha256": sha256_of(run.active / name), "reads": 4} for name in sample.fastq]
    return json.loads(json.dumps({"files": files}))  # type: ignore[no-any-return]
