"""A small sample for runs on a cluster, and what is compared of its results."""

from __future__ import annotations

import sys
from pathlib import Path

from scripts.example_data import lay_out

PAIRS = 1000


def new_storage(folder: Path) -> Path:
    """Shared storage with a sample of the lambda phage, for the fast toolchain with BWA."""
    lay_out(folder, pairs=PAIRS)
    with (folder / "active/lambda-phage/config.yaml").open("a", encoding="utf-8") as config:
        config.write("toolchain: fast\n")
    sheet = folder / "active/lambda-phage/samples.tsv"
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("both", "bwa"), encoding="utf-8")
    return folder


def command(storage: Path, *more: str) -> list[str]:
    """That of the run ``r``."""
    sheet = storage / "active" / "lambda-phage" / "samples.tsv"
    return [
        sys.executable, "-m", "scripts.pipeline", "run", "--storage", str(storage), "--samples", str(sheet),
        "--run-id", "r", *more,
    ]  # fmt: skip


def results(storage: Path) -> dict[str, bytes]:
    """What is published, except for pages and what carries times."""
    kinds = (".cram", ".crai", ".vcf.gz", ".tbi", ".fastq.gz", ".csv")
    return {
        str(path.relative_to(storage)): path.read_bytes()
        for path in (storage / "published").rglob("*")
        if path.is_file() and path.name.endswith(kinds)
    }
