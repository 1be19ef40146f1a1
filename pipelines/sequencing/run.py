"""One run of the workflow: what it works on and where everything lies.

The run document (``run.json`` in the directory of the run) is made once from configuration and sample sheet, and is all
that Snakemake and the steps read. The directory of a run is ``intermediate/<run id>``; the workflow runs in it and uses
paths relative to it, so that two runs of the same data write the same bytes (a BAM carries its command lines).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from pipelines.naming import SampleName
from pipelines.sequencing.sample import Sample

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MATES = ("R1", "R2")


def name_of_run(sheet: PurePath) -> str:
    """What a run is called unless somebody names it: after the folder of its sheet, which may be any samples.tsv.

    Small letters, digits and single hyphens, at most 59, so that it also ends the name of a Job.
    """
    words = [sheet.parent.name, "" if sheet.stem == "samples" else sheet.stem]
    return "-".join(re.findall("[a-z0-9]+", " ".join(words).lower()))[:59].rstrip("-") or "run"


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty when there is no file, or it holds none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def to_json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Run:
    """A run by its document; directories are absolute."""

    id: str
    storage: Path
    reference: Mapping[str, Any]
    config: Mapping[str, Any]
    samples: tuple[Sample, ...]

    @property
    def directory(self) -> Path:
        return self.storage / "intermediate" / self.id

    @property
    def active(self) -> Path:
        return self.storage / "active"

    @property
    def published(self) -> Path:
        return self.storage / "published"

    @property
    def reference_directory(self) -> Path:
        """The indexes of this very genome: another file of the same name has another directory."""
        return self.storage / "reference" / "indexes" / f"{self.reference['name']}-{self.reference['sha256'][:12]}"

    @property
    def parameters(self) -> dict[str, Any]:
        """The configuration as far as results depend on it."""
        return {name: value for name, value in self.config.items() if name != "vcpu_hour"}

    @property
    def is_fast(self) -> bool:
        """Whether the toolchain is the fast one."""
        return bool(self.config["toolchain"] == "fast")

    @property
    def reads_format(self) -> tuple[str, str]:
        """The extensions of the aligned reads and of their index."""
        return ("cram", "crai") if self.is_fast else ("bam", "bai")

    @property
    def ids(self) -> list[str]:
        return [sample.id for sample in self.samples]

    def sample(self, sample_id: str) -> Sample:
        """The sample of an id; raises :class:`KeyError`."""
        return next(sample for sample in self.samples if sample.id == sample_id)

    def sample_directory(self, sample_id: str) -> Path:
        return self.directory / "samples" / sample_id

    def fastq(self, sample_id: str, mate: int) -> Path:
        """The FASTQ of a mate (0 or 1) as it lies in ``active/``."""
        return self.active / self.sample(sample_id).fastq[mate]

    def truth(self, sample_id: str) -> list[Path]:
        """The VCF of the known variants and, where there is one, the BED of where it holds; empty without a truth."""
        sample = self.sample(sample_id)
        return [self.storage / "reference" / name for name in (sample.truth, sample.truth_regions) if name]

    def document(self) -> dict[str, Any]:
        return {
            "run_id": self.id,
            "storage": str(self.storage),
            "reference": dict(self.reference),
            "config": dict(self.config),
            "samples": [
                {
                    "project": sample.name.project,
                    "site": sample.name.site,
                    "sample": sample.name.sample,
                    "fastq": list(sample.fastq),
                    "md5": list(sample.md5),
                    "aligners": list(sample.aligners),
                    "truth": sample.truth,
                    "truth_regions": sample.truth_regions,
                }
                for sample in self.samples
            ],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Run:
        return cls(
            id=document["run_id"],
            storage=Path(document["storage"]),
            reference=document["reference"],
            config=document["config"],
            samples=tuple(
                Sample(
                    SampleName(row["project"], row["site"], row["sample"]),
                    (row["fastq"][0], row["fastq"][1]),
                    (row["md5"][0], row["md5"][1]),
                    tuple(row["aligners"]),
                    row["truth"],
                    row["truth_regions"],
                )
                for row in document["samples"]
            ),
        )

    @classmethod
    def read(cls, path: Path) -> Run:
        return cls.from_document(json.loads(path.read_text(encoding="utf-8")))
