"""Kill a run of the sequencing workflow at random moments and let it go on (``make test-kill-pipeline``).

    python -m scripts.kill_pipeline [--seed 1] [--kills 20]

First both toolchains run undisturbed on the spiked lambda phage reads. Then each trial starts a run anew, kills with -9
at a moment and of a kind that chance says (the program, Snakemake, one tool, or all of them at once), starts it again
with the same command, and compares: no step that had finished before the kill ran again, and every published file is
the one of the undisturbed run. FastQC, fastp and Picard write the date into their files, and the manifest the time of
publishing; there the content without it is compared.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipelines.sequencing.engine import leftovers
from pipelines.sequencing.run import Run
from scripts.paths import BUILD, REPOSITORY
from scripts.pipeline import TOOLCHAINS, make_run
from scripts.spiked_data import lay_out
from scripts.talk import UserError, make_console, run_program

KINDS = ("program", "engine", "tool", "all")
PLACE = BUILD / "kill-pipeline"
_DATED = re.compile(rb"^# Started on: .*$", re.M)
_PUBLISHING = ("run", "published_at", "files")
console = make_console()


@dataclass
class Subject:
    """A run of one toolchain on a storage of its own, whose indexes are kept from trial to trial."""

    toolchain: str
    run: Run
    command: list[str]
    seconds: float = 0.0

    @classmethod
    def make(cls, toolchain: str) -> Subject:
        storage = PLACE / toolchain
        sheet = lay_out(storage, toolchain=toolchain)
        command = [
            sys.executable, "-m", "scripts.pipeline", "run", "--storage", str(storage), "--samples", str(sheet),
            "--run-id", "kill", "--cores", "2",
        ]  # fmt: skip
        return cls(toolchain, make_run(storage, sheet, None, "kill"), command)

    def forget(self) -> None:
        """Remove what a run made, except the indexes."""
        for folder in (self.run.directory, self.run.published):
            shutil.rmtree(folder, ignore_errors=True)

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def finish(self) -> None:
        """Run to the end; raises :class:`UserError` when it does not end well."""
        process = self.start()
        said, _ = process.communicate()
        if process.returncode:
            raise UserError(
                f"the run of the toolchain {self.toolchain} ended with {process.returncode}:\n{said[-2000:]}"
            )

    def finished_steps(self) -> dict[str, int]:
        """Step and what it was done for -> how often it has finished, in the last start of the run."""
        jobs: dict[int, str] = {}
        finished: dict[str, int] = {}
        with suppress(FileNotFoundError):
            for line in (self.run.directory / "events.jsonl").read_text(encoding="utf-8").splitlines():
                with suppress(ValueError):  # the last line of a killed run
                    event = json.loads(line)
                    if event["event"] == "started":
                        jobs[event["job"]] = f"{event['rule']} {sorted(event['wildcards'].items())}"
                    elif event["event"] == "finished":
                        finished[jobs[event["job"]]] = finished.get(jobs[event["job"]], 0) + 1
        return finished

    def results(self) -> dict[str, str]:
        """Key below ``published/`` -> checksum of its content without dates."""
        return {
            str(path.relative_to(self.run.published)): hashlib.sha256(b"".join(_undated(path))).hexdigest()
            for path in sorted(self.run.published.rglob("*"))
            if path.is_file() and not path.name.endswith("_run.html")  # it tells of the run
        }


def _undated(path: Path) -> Iterator[bytes]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            yield archive.read(next(name for name in archive.namelist() if name.endswith("/fastqc_data.txt")))
    elif "_fastqc-" in path.name or path.name.endswith("_fastp.html"):
        yield b"a page of what the zip or the JSON beside it holds"
    elif path.name.endswith("_provenance.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        yield json.dumps({name: value for name, value in document.items() if name not in _PUBLISHING}).encode()
    else:
        yield _DATED.sub(b"", path.read_bytes())


def kill(process: subprocess.Popen[str], run: Run, kind: str, chance: random.Random) -> int:
    """Kill what ``kind`` says, as far as it lives; returns how many processes."""
    others = leftovers(run)
    engines = [pid for pid in others if b"snakemake" in _command_line(pid)]
    tools = [pid for pid in others if pid not in engines]
    victims = {
        "program": [process.pid],
        "engine": engines,
        "tool": [chance.choice(tools)] if tools else [],
        "all": [process.pid, *others],
    }[kind]
    for pid in victims:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(victims)


def _command_line(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def trial(subject: Subject, expected: dict[str, str], chance: random.Random) -> Iterator[str]:
    """One kill and its aftermath; a sentence for each thing that is not as it must be."""
    subject.forget()
    moment, kind = chance.uniform(0.5, subject.seconds), chance.choice(KINDS)
    process = subject.start()
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=moment)
    killed = kill(process, subject.run, kind, chance) if process.poll() is None else 0
    if kind in ("program", "all") or process.poll() is not None:
        process.communicate()
    else:
        process.communicate(timeout=20 * subject.seconds + 60)  # it goes on, or ends badly, by itself
    before = subject.finished_steps()
    if process.returncode:
        subject.finish()
        again = sorted(subject.finished_steps().keys() & before.keys())
        if again:
            yield f"ran again although they had finished: {', '.join(again)}"
    console.print(
        f"{subject.toolchain}: {kind} killed after {moment:.1f} s "
        f"({killed} processes, {len(before)} steps had finished)",
        highlight=False,
    )
    found = subject.results()
    for key in sorted(expected.keys() | found.keys()):
        if expected.get(key) != found.get(key):
            yield f"{key} is {'another' if key in found and key in expected else 'there in one run only'}"
    if half := [path.name for path in subject.run.published.rglob("*") if path.name.endswith((".part", ".tmp"))]:
        yield f"half-written: {', '.join(half)}"


def main() -> int:
    """The command line; exit code 1 when a trial finds something."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.kill_pipeline",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=1, help="(default: 1)")
    parser.add_argument("--kills", type=int, default=20, help="(default: 20)")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)  # noqa: S311
    subjects, expected = [], []
    for toolchain in TOOLCHAINS:
        subject = Subject.make(toolchain)
        for _ in range(2):  # the first makes the indexes
            subject.forget()
            began = time.monotonic()
            subject.finish()
            subject.seconds = time.monotonic() - began
        console.print(f"{toolchain}: an undisturbed run takes {subject.seconds:.0f} s", highlight=False)
        subjects.append(subject)
        expected.append(subject.results())
    faults = 0
    for number in range(arguments.kills):
        which = number % len(subjects)
        for fault in trial(subjects[which], expected[which], chance):
            faults += 1
            console.print(f"[red]fault[/] {fault}", highlight=False, soft_wrap=True)
    console.print(f"{arguments.kills} kills, {faults} faults", highlight=False)
    return 1 if faults else 0


if __name__ == "__main__":
    run_program(main)
