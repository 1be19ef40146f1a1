"""How right the called variants of a sample are where the truth is known.

Truth and calls are brought into one form (left-aligned, one change to a line), and a called variant is right when the
truth has the same change at the same place. Genotypes are not compared.
"""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from pipelines.sequencing.run import Run
from pipelines.sequencing.steps.metrics import ToolOutputError
from pipelines.sequencing.steps.reference import sha256_of

KINDS = ("snv", "indel")
# What `bcftools isec` writes for a site: in the truth, in the calls.
_MISSED, _WRONG, _FOUND = "10", "01", "11"


def compare_variants(run: Run, sample_id: str, aligner: str) -> dict[str, Any]:
    """Recall and precision of the variants that passed the filter, for each of :data:`KINDS`.

    Both are shares of one; ``None`` where there is nothing to take a share of.

    Raises:
        ToolOutputError: a file is not as bcftools wants it, for example a truth of another genome.
    """
    directory = run.sample_directory(sample_id) / aligner
    truth, *regions = run.truth(sample_id)
    work = directory / ".accuracy.tmp"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        for name, source in (("truth", truth), ("calls", directory / "variants.vcf.gz")):
            _normalise(run, source, regions, work / f"{name}.vcf.gz")
        sites = _run(["bcftools", "isec", "-c", "none", "-n", "+1", work / "truth.vcf.gz", work / "calls.vcf.gz"])
    finally:
        shutil.rmtree(work, ignore_errors=True)
    counts = Counter(_kind_and_presence(line) for line in sites.splitlines())
    return {
        "truth": {"name": run.sample(sample_id).truth, "sha256": sha256_of(truth)},
        "regions": {"name": run.sample(sample_id).truth_regions, "sha256": sha256_of(regions[0])} if regions else None,
        **{kind: _shares(counts[kind, _FOUND], counts[kind, _WRONG], counts[kind, _MISSED]) for kind in KINDS},
    }


def _normalise(run: Run, source: Path, regions: list[Path], target: Path) -> None:
    """What passed its filter, within the regions, in the one form, with an index."""
    passed, plain = target.with_name("passed.bcf"), target.with_name("plain.bcf")
    within: list[str | Path] = ["-T", regions[0]] if regions else []
    _run(["bcftools", "view", "--no-version", "-f", ".,PASS", *within, "-Ob", "-o", passed, source])
    genome = run.reference_directory / "fasta" / "genome.fa"
    _run(["bcftools", "norm", "--no-version", "-f", genome, "-a", "-m", "-both", "-Ob", "-o", plain, passed])
    _run(["bcftools", "norm", "--no-version", "-d", "exact", "-Oz", "-o", target, plain])
    _run(["bcftools", "index", "-t", target])


def _run(command: list[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise ToolOutputError(f"bcftools {command[1]} of {command[-1]}: {said[-1]}")
    return done.stdout


def _kind_and_presence(line: str) -> tuple[str, str]:
    _, _, reference, alternative, presence = line.split("\t")
    return KINDS[len(reference) != len(alternative)], presence


def _shares(found: int, wrong: int, missed: int) -> dict[str, int | float | None]:
    return {
        "true_positives": found,
        "false_positives": wrong,
        "false_negatives": missed,
        "recall": round(found / (found + missed), 6) if found + missed else None,
        "precision": round(found / (found + wrong), 6) if found + wrong else None,
    }
