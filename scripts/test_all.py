"""Run every ring of tests, four at a time (``make test``), and say where the time went.

CPU seconds are those of a ring's processes that have ended and were waited for; the local cloud, which a ring leaves to
itself, is not among them.

The rings with a local cloud mostly wait, the others compute: those two and two of these keep two cores busy. Each ring
is the make target of the same name.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rich.table import Table

from scripts.paths import REPOSITORY
from scripts.talk import make_console, run_program

# The longest first, and those that wait beside those that compute.
RINGS = ("test-local", "test-localcloud", "test-unit", "test-plan", "test-simulation", "test-pipeline")
LANES = 4
COUNT = re.compile(r"(\d+) (passed|failed|error|errors|skipped)\b")
PROGRESS = re.compile(r"^[.sxFE]+\s+\[\s*\d+%\]$")

console = make_console()
printing = threading.Lock()


@dataclass(frozen=True)
class Outcome:
    """What one ring gave. ``skipped`` counts as neither passed nor failed."""

    ring: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    cpu: float

    @property
    def is_good(self) -> bool:
        return self.failed == 0 and self.passed > 0


def count(lines: list[str], exit_code: int) -> tuple[int, int, int]:
    """(passed, failed, skipped) from the last line that counts; a failure without a count is one failure."""
    closing = next((line for line in reversed(lines) if COUNT.search(line)), "")
    found = {kind.removesuffix("s"): int(number) for number, kind in COUNT.findall(closing)}
    failed = found.get("failed", 0) + found.get("error", 0)
    return found.get("passed", 0), max(failed, 1) if exit_code else failed, found.get("skipped", 0)


def run(ring: str) -> Outcome:
    """Run one ring, passing its lines on under its name."""
    started = time.monotonic()
    lines: list[str] = []
    with subprocess.Popen(
        ["make", ring], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.strip() and not PROGRESS.match(line.strip()):
                with printing:
                    console.print(f"{ring:15} | {line.rstrip()}", markup=False, highlight=False, soft_wrap=True)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    cpu = used.ru_utime + used.ru_stime
    return Outcome(ring, *count(lines, process.returncode), time.monotonic() - started, cpu)


def main() -> int:
    started = time.monotonic()
    with ThreadPoolExecutor(LANES) as lanes:
        outcomes = list(lanes.map(run, RINGS))
    table = Table(title=f"Tests, {LANES} rings at a time, {time.monotonic() - started:.0f} s in all")
    table.add_column("ring")
    for column in ("passed", "failed", "skipped", "seconds", "CPU seconds"):
        table.add_column(column, justify="right")
    for outcome in outcomes:
        table.add_row(
            f"[{'green' if outcome.is_good else 'red'}]{outcome.ring}[/]",
            str(outcome.passed),
            str(outcome.failed),
            str(outcome.skipped),
            f"{outcome.seconds:.0f}",
            f"{outcome.cpu:.0f}",
        )
    console.print(table)
    passed, failed, skipped = (
        sum(getattr(each, kind) for each in outcomes) for kind in ("passed", "failed", "skipped")
    )
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


if __name__ == "__main__":
    run_program(main)
