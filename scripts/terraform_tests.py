"""Run ``terraform test`` in every module and root that has tests (``make test-plan``).

The tests use Terraform's mock provider: they need neither AWS nor the local cloud. Each folder is initialised once; one
Terraform process costs seconds of CPU for the provider's schema alone, so a folder's files run in one process and
folders run two at a time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.infrastructure.terraform import find_terraform, terraform_environment
from scripts.paths import BUILD, MODULES, REPOSITORY, TERRAFORM
from scripts.talk import UserError, make_console, run_program

WORKERS = 2
console = make_console()


@dataclass(frozen=True)
class Outcome:
    """What one folder's tests gave; ``runs`` has the name of each run that ended, with what it came to (``pass``)."""

    folder: Path
    passed: int
    failed: int
    seconds: float
    output: str
    runs: dict[str, str] = field(default_factory=dict)


def tested_folders() -> list[Path]:
    """Modules and roots with test files. Raises :class:`UserError` naming every module without one."""
    modules = sorted(path for path in MODULES.iterdir() if path.is_dir())
    untested = [path.name for path in modules if not list(path.glob("tests/*.tftest.hcl"))]
    if untested:
        raise UserError(f"modules without terraform tests: {', '.join(untested)}; add tests/*.tftest.hcl")
    return modules + sorted({path.parent.parent for path in TERRAFORM.glob("*/tests/*.tftest.hcl")})


def environment(folder: Path) -> dict[str, str]:
    """Terraform's own, with credentials that only keep the real provider from looking for any: the mock answers."""
    return terraform_environment(BUILD / "terraform" / "tests" / folder.relative_to(REPOSITORY)) | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def terraform(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Terraform in a folder, and end the providers that it now and then leaves behind."""
    process = subprocess.Popen(
        [find_terraform(), *words], cwd=folder, env=environment(folder), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        said, complaints = process.communicate()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(process.args, process.returncode, said, complaints)


def run_tests(folder: Path) -> Outcome:
    """Initialise and test one folder."""
    started = time.monotonic()
    init = terraform(folder, "init", "-backend=false", "-input=false", "-no-color")
    if init.returncode != 0:
        return Outcome(folder, 0, 1, time.monotonic() - started, init.stdout + init.stderr)
    test = terraform(folder, "test", "-json", "-no-color")
    passed, failed, messages = 0, 0, []
    runs: dict[str, str] = {}
    for line in test.stdout.splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("type") == "test_run" and event["test_run"]["progress"] == "complete":
            runs[event["test_run"]["run"]] = event["test_run"]["status"]
        if event.get("type") == "test_summary":
            summary = event["test_summary"]
            passed, failed = summary["passed"], summary["failed"] + summary["errored"]
        if event.get("type") == "diagnostic" and event["diagnostic"]["severity"] == "error":
            place = event["diagnostic"].get("range", {})
            where = f"{place.get('filename', '')}:{place.get('start', {}).get('line', '')}"
            messages.append(f"{where} {event['diagnostic']['summary']} {event['diagnostic'].get('detail', '')}")
    if test.returncode != 0 or passed == 0:
        failed = max(failed, 1)
        messages.append(test.stderr)
    return Outcome(folder, passed, failed, time.monotonic() - started, "\n".join(messages), runs)


def first_state(folder: Path, file: str) -> dict[str, Any]:
    """What the first run of a folder's test file plans or applies with the mock provider: resources with values."""
    program, surroundings = find_terraform(), environment(folder)
    init = terraform(folder, "init", "-backend=false", "-input=false", "-no-color")
    if init.returncode != 0:
        raise UserError(f"terraform init of {folder}: {init.stdout[-2000:]}{init.stderr}")
    with subprocess.Popen(
        [program, "test", "-json", "-verbose", f"-filter={file}"],
        cwd=folder, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        events = (json.loads(line) for line in run.stdout if line.startswith("{"))
        # The other runs only refuse values.
        state = next((event[event["type"]] for event in events if event["type"] in ("test_plan", "test_state")), None)
        run.terminate()
    if state is None:
        raise UserError(f"no state: terraform test of {folder} says why")
    found: dict[str, Any] = state
    return found


def main() -> int:
    folders = tested_folders()
    if sys.argv[1:]:
        folders = [folder for folder in folders if folder.name in sys.argv[1:]]
    outcomes = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for outcome in pool.map(run_tests, folders):
            outcomes.append(outcome)
            name = outcome.folder.relative_to(REPOSITORY)
            console.print(
                f"{name}: {outcome.passed} passed, {outcome.failed} failed in {outcome.seconds:.0f} s", highlight=False
            )
            if outcome.failed:
                console.print(outcome.output, markup=False, highlight=False)
    passed, failed = sum(o.passed for o in outcomes), sum(o.failed for o in outcomes)
    print(f"terraform: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    run_program(main)
