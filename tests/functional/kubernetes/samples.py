"""A small sample for runs on a cluster, and what is compared of its results."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from pipelines.sequencing.engine import PROFILES
from scripts.example_data import lay_out
from tests.functional.kubernetes.fake_cluster import Cluster

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


def profile_in(folder: Path, **settings: object) -> Path:
    """That of EKS with other settings; the header of a CRAM names the threads, so these must be those compared with."""
    own = yaml.safe_load((PROFILES / "eks" / "config.yaml").read_text(encoding="utf-8"))
    place = folder / "profile"
    place.mkdir()
    changed = {name.replace("_", "-"): value for name, value in settings.items()}
    (place / "config.yaml").write_text(yaml.safe_dump(own | changed | {"jobs": 4}), encoding="utf-8")
    return place


def settings_of(fake: Cluster, profile: Path) -> dict[str, str]:
    """The environment of a driver of this cluster."""
    return {"KUBECONFIG": str(fake.kubeconfig(profile)), "KOSHA_PIPELINE_IMAGE": "kosha/fast:1"}


def results(storage: Path) -> dict[str, bytes]:
    """What is published, except for pages and what carries times."""
    kinds = (".cram", ".crai", ".vcf.gz", ".tbi", ".fastq.gz", ".csv")
    return {
        str(path.relative_to(storage)): path.read_bytes()
        for path in (storage / "published").rglob("*")
        if path.is_file() and path.name.endswith(kinds)
    }
