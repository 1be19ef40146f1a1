"""What a sample costs: a step-by-step script against our toolchains (``make bench-pipeline``).

    python -m benchmarks.pipeline [--genome ecoli] [--depth 30] [--rounds 3]

The three run in turn, round by round, on the same reads with BWA and finished indexes. Counted are wall seconds, CPU
seconds of the whole process tree, and bytes written to the file system (``write_bytes`` of /proc/PID/io, which the
kernel adds up over children that have ended: https://docs.kernel.org/filesystems/proc.html). Ours include the start of
Snakemake, the input check and the publishing, which the script has not. Printed are medians of the rounds and ratios to
the script; ``.build/bench/pipeline.json`` holds every round.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.table import Table

from pipelines.sequencing.run import write_atomically
from pipelines.sequencing.steps.reference import make_part
from scripts.paths import BUILD, REPOSITORY
from scripts.pipeline import make_run
from scripts.spiked_data import genomes, lay_out
from scripts.talk import UserError, make_console, run_program

SCRIPT = REPOSITORY / "benchmarks" / "step_by_step.sh"
CONTENDERS = ("script", "classic", "fast")
# What the toolchains promise against the script: (contender, measure) -> the greatest ratio.
PROMISES = {("classic", "written"): 0.6, ("classic", "wall"): 0.8, ("fast", "cpu"): 0.5}
console = make_console()

# Runs a command and says what it and its children used: seconds and bytes.
_METER = """
import json, os, re, subprocess, sys, time
began = time.monotonic()
with open(sys.argv[1], "wb") as log:
    code = subprocess.call(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
used = os.times()
written = int(re.search(r"^write_bytes: (\\d+)", open("/proc/self/io").read(), re.M)[1])
print(json.dumps([code, time.monotonic() - began, used.children_user + used.children_system, written]))
"""


@dataclass(frozen=True)
class Cost:
    """Of one sample: wall seconds, CPU seconds, bytes written."""

    wall: float
    cpu: float
    written: int


def measure(command: list[str], log: Path) -> Cost:
    """Run a command to its end; raises :class:`UserError` when it fails."""
    done = subprocess.run(
        [sys.executable, "-c", _METER, str(log), *command], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    code, *numbers = json.loads(done.stdout)
    if code:
        raise UserError(f"{' '.join(command[:3])} ended with {code}; its output is in {log}")
    return Cost(*numbers)


def commands(place: Path, genome: str, depth: float, cores: int) -> dict[str, list[str]]:
    """Contender -> its command, after the reads and the indexes are there."""
    found = {}
    for toolchain in ("classic", "fast"):
        sheet = lay_out(place / toolchain, genome, depth, toolchain=toolchain, aligner="bwa")
        run = make_run(place / toolchain, sheet, None, "bench")
        for part in ("fasta", "bwa"):
            make_part(run, part)
        found[toolchain] = [
            sys.executable, "-m", "scripts.pipeline", "run", "--storage", str(place / toolchain), "--samples",
            str(sheet), "--run-id", "bench", "--cores", str(cores),
        ]  # fmt: skip
        if toolchain == "classic":
            reads = [str(run.fastq(run.ids[0], mate)) for mate in (0, 1)]
            indexes = run.reference_directory
            found["script"] = [
                str(SCRIPT), *reads, str(indexes / "fasta/genome.fa"), str(indexes / "bwa/genome"),
                str(place / "script"), str(cores),
            ]  # fmt: skip
    return found


def forget(place: Path, contender: str) -> None:
    """Remove what the last round of a contender made."""
    made = (
        [place / "script"] if contender == "script" else [place / contender / n for n in ("intermediate", "published")]
    )
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


def ratios(rounds: dict[str, list[Cost]]) -> dict[tuple[str, str], float]:
    """(contender, measure) -> the median of its ratios to the script, round by round."""
    return {
        (name, what): median(
            getattr(ours, what) / getattr(theirs, what)
            for ours, theirs in zip(rounds[name], rounds["script"], strict=True)
        )
        for name in CONTENDERS[1:]
        for what in ("wall", "cpu", "written")
    }


def _show(rounds: dict[str, list[Cost]], pairs: int, read_bytes: int) -> None:
    table = Table(
        title=f"One sample of {pairs:,} read pairs, BWA, {len(rounds['script'])} rounds", title_justify="left"
    )
    for heading in ("", "wall s", "CPU s", "CPU s per million pairs", "bytes written per byte read"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, costs in rounds.items():
        cpu = median(each.cpu for each in costs)
        table.add_row(
            name,
            f"{median(each.wall for each in costs):.0f}",
            f"{cpu:.0f}",
            f"{cpu / pairs * 1e6:.0f}",
            f"{median(each.written for each in costs) / read_bytes:.2f}",
        )
    for (name, what), ratio in ratios(rounds).items():
        promised = PROMISES.get((name, what))
        note = "" if promised is None else f" (promised: {promised} at most)"
        style = "red" if promised is not None and ratio > promised else "default"
        table.caption = f"{table.caption or ''}[{style}]{name} / script, {what}: {ratio:.2f}{note}[/]\n"
    table.caption_justify = "left"
    console.print(table)


def main() -> int:
    """The command line; exit code 1 when a promise is broken."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pipeline", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--genome", choices=sorted(genomes()), default="ecoli", help="(default: ecoli)")
    parser.add_argument("--depth", type=float, default=30, help="mean depth of the reads (default: 30)")
    parser.add_argument("--rounds", type=int, default=3, help="(default: 3)")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="(default: all)")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.depth <= 0:
        raise UserError("--rounds and --depth must be above 0")
    place = BUILD / "bench" / "pipeline"
    place.mkdir(parents=True, exist_ok=True)
    console.print("drawing the reads and making the indexes", highlight=False)
    contenders = commands(place, arguments.genome, arguments.depth, arguments.cores)
    rounds: dict[str, list[Cost]] = {name: [] for name in CONTENDERS}
    for number in range(1, arguments.rounds + 1):
        for name in CONTENDERS:
            forget(place, name)
            cost = measure(contenders[name], place / f"{name}.log")
            rounds[name].append(cost)
            console.print(f"round {number}, {name}: {cost.wall:.0f} s, {cost.cpu:.0f} s of CPU", highlight=False)
    checked = json.loads(next((place / "fast/intermediate/bench/samples").glob("*/checked.json")).read_text("utf-8"))
    pairs, read_bytes = checked["files"][0]["reads"], sum(file["bytes"] for file in checked["files"])
    _show(rounds, pairs, read_bytes)
    document = {
        "pairs": pairs,
        "bytes_read": read_bytes,
        "cores": arguments.cores,
        "rounds": {name: [asdict(cost) for cost in costs] for name, costs in rounds.items()},
        "ratios": {f"{name} {what}": ratio for (name, what), ratio in ratios(rounds).items()},
    }
    write_atomically(BUILD / "bench" / "pipeline.json", json.dumps(document, indent=2) + "\n")
    return 1 if any(ratios(rounds)[promise] > most for promise, most in PROMISES.items()) else 0


if __name__ == "__main__":
    run_program(main)
