"""Measure the steps of both toolchains on reads of several depths (``make sizing``)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.sequencing.steps.metrics import read_use
from scripts.paths import BUILD, REPOSITORY
from scripts.pipeline import TOOLCHAINS, make_run
from scripts.spiked_data import lay_out
from scripts.talk import UserError

MEASURED = REPOSITORY / "benchmarks" / "steps.json"
DEPTHS = (3.0, 10.0, 30.0)


@dataclass(frozen=True)
class Step:
    """One step on one input. ``read_mib`` is the sample's FASTQ, packed; memory in MiB, times in seconds."""

    toolchain: str
    step: str
    depth: float
    read_mib: float
    threads: int
    seconds: float
    cpu_seconds: float
    memory_mib: float
    asked_mib: float


def read_measured() -> list[Step]:
    """What was measured and is kept with the code."""
    return [Step(**each) for each in json.loads(MEASURED.read_text(encoding="utf-8"))["steps"]]


def measure(depths: Sequence[float], place: Path = BUILD / "sizing") -> list[Step]:
    """Run both toolchains with BWA on E. coli at each depth; raises :class:`UserError` when a run fails."""
    steps = []
    for depth in depths:
        for toolchain in TOOLCHAINS:
            storage = place / f"{toolchain}-{depth:g}"
            shutil.rmtree(storage, ignore_errors=True)
            print(f"{toolchain} at depth {depth:g}", flush=True)
            sheet = lay_out(storage, "ecoli", depth, toolchain=toolchain, aligner="bwa")
            run = make_run(storage, sheet, None, "sizing")
            done = subprocess.run(
                [
                    sys.executable, "-m", "scripts.pipeline", "run", "--storage", str(storage), "--samples", str(sheet),
                    "--run-id", "sizing",
                ],
                cwd=REPOSITORY, capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                raise UserError(f"{toolchain} at depth {depth:g} failed: {done.stdout[-500:]}")
            read_mib = sum(run.fastq(run.ids[0], mate).stat().st_size for mate in (0, 1)) / 2**20
            for path in sorted((run.sample_directory(run.ids[0]) / "benchmarks").glob("*.tsv")):
                use = read_use(path)
                steps.append(
                    Step(
                        toolchain, use.step, depth, round(read_mib, 1), use.threads, round(use.seconds, 1),
                        round(use.cpu_seconds, 1), round(use.memory_mib), round(use.asked_mib),
                    )
                )  # fmt: skip
    return steps


def keep(steps: Sequence[Step]) -> None:
    """Write what was measured beside the benchmarks, for the tables of docs/sizing.md."""
    document = {
        "genome": "Escherichia coli 536, 4.9 Mbp, BWA, reads of 150 bases",
        "cores": os.cpu_count(),
        "steps": [asdict(step) for step in steps],
    }
    MEASURED.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
