"""Run ``terraform test`` in every module and root that has tests (``make test-plan``).

The tests use Terraform's mock provider: they need neither AWS nor the local cloud. The mock asks the real provider for
its schema and its checks of arguments, in a process anew for each test; one provider serves all of them instead. A
Terraform process costs three seconds of CPU for the provider's schema before its first test, so it runs those of
several folders: they are written into a folder of their own, where each run names the module it tests.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from fcntl import LOCK_EX, flock
from functools import partial
from pathlib import Path
from typing import Any

from scripts.children import end_with_parent
from scripts.infrastructure.terraform import find_terraform, terraform_environment
from scripts.paths import BUILD, MODULES, REPOSITORY, TERRAFORM
from scripts.talk import UserError, make_console, run_program

WORKERS = 2
# Folders of a process. Terraform keeps what it opened for a run, memory and some dozens of files, until it ends.
TOGETHER = 4
ATTACHED = "TF_REATTACH_PROVIDERS"
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


def tested_folders(*names: str) -> list[Path]:
    """Modules and roots with test files, or those whose last folder is named.

    Raises:
        UserError: a module has no tests, or a name is that of none.
    """
    modules = sorted(path for path in MODULES.iterdir() if path.is_dir())
    untested = [path.name for path in modules if not list(path.glob("tests/*.tftest.hcl"))]
    if untested:
        raise UserError(f"modules without terraform tests: {', '.join(untested)}; add tests/*.tftest.hcl")
    folders = modules + sorted({path.parent.parent for path in TERRAFORM.glob("*/tests/*.tftest.hcl")})
    if unknown := set(names) - {folder.name for folder in folders}:
        raise UserError(f"no module or root with tests is called {' or '.join(sorted(unknown))}")
    return [folder for folder in folders if not names or folder.name in names]


def environment(folder: Path) -> dict[str, str]:
    """Terraform's own, with credentials that only keep the real provider from looking for any: the mock answers."""
    return terraform_environment(BUILD / "terraform" / "tests" / folder.relative_to(REPOSITORY)) | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def terraform(folder: Path, attached: str | None, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Start Terraform in a folder, once no other program runs it there; what it leaves running now and then, its
    provider, ends with the block."""
    data = Path(environment(folder)["TF_DATA_DIR"])
    data.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        flock(stack.enter_context(data.with_suffix(".lock").open("w")), LOCK_EX)
        process = stack.enter_context(
            subprocess.Popen(
                [find_terraform(), *words],
                cwd=folder,
                env=environment(folder) | ({ATTACHED: attached} if attached else {}),
                start_new_session=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def initialise(folder: Path, attached: str | None) -> str | None:
    """``terraform init``; what it said if it failed."""
    with terraform(folder, attached, "init", "-backend=false", "-input=false", "-no-color") as init:
        said, _ = init.communicate()
    return said if init.returncode != 0 else None


@contextmanager
def shared_provider(folder: Path) -> Iterator[str]:
    """One AWS provider for any number of tests, found by initialising ``folder``; yields what Terraform attaches by.

    Only for the mock, which never configures it: two configurations would be one.
    https://developer.hashicorp.com/terraform/plugin/debugging#running-terraform-with-a-provider-in-debug-mode
    """
    if said := initialise(folder, None):
        raise UserError(f"terraform init fails in {folder.relative_to(REPOSITORY)}:\n{said}")
    (program,) = Path(environment(folder)["TF_DATA_DIR"]).glob("providers/*/hashicorp/aws/*/*/terraform-provider-aws_*")
    with subprocess.Popen(
        [str(program), "-debug"], env=environment(folder), preexec_fn=end_with_parent,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as provider:  # fmt: skip
        assert provider.stdout is not None
        try:
            found = next((m for line in provider.stdout if (m := re.search(rf"{ATTACHED}='(.+)'", line))), None)
            if not found:
                raise UserError(f"{program.name} -debug does not say how to attach to it")
            yield found[1]
        finally:
            provider.send_signal(signal.SIGINT)


RUN = re.compile(r'^run "[^"]+" \{$', re.MULTILINE)


@dataclass(frozen=True)
class Joined:
    """A test file as one of several folders: ``text`` is that of ``file`` with the module of each run."""

    folder: Path
    file: Path

    @property
    def name(self) -> str:
        return "--".join([*self.folder.relative_to(REPOSITORY).parts, self.file.name])

    @property
    def text(self) -> str:
        source = f'\n  module {{\n    source = "../../{self.folder.relative_to(REPOSITORY)}"\n  }}'
        return RUN.sub(lambda run: run[0] + source, self.file.read_text(encoding="utf-8"))

    def place(self, line: int) -> dict[str, Any]:
        """Where a line of ``text`` stands in the folder's own file, as a diagnostic's range."""
        added = 3 * len(RUN.findall("\n".join(self.text.splitlines()[: line - 1])))
        return {"filename": str(self.file.relative_to(self.folder)), "start": {"line": line - added}}


def join(folders: Sequence[Path]) -> tuple[Path, dict[str, Joined]]:
    """Write the tests of ``folders`` into one folder, two below the repository as they are, and which file is whose."""
    files = [Joined(folder, file) for folder in folders for file in sorted(folder.glob("tests/*.tftest.hcl"))]
    joined = BUILD / "-".join(["tests", *folders[0].relative_to(REPOSITORY).parts])
    shutil.rmtree(joined, ignore_errors=True)
    (joined / "tests").mkdir(parents=True)
    (joined / "main.tf").write_text("terraform {}\n", encoding="utf-8")  # init does nothing in an empty folder
    for each in files:
        (joined / "tests" / each.name).write_text(each.text, encoding="utf-8")
    return joined, {f"tests/{each.name}": each for each in files}


def explain(diagnostic: Mapping[str, Any], files: Mapping[str, Joined]) -> str:
    """What a test says that failed: where, its message, and the values it found."""
    place = diagnostic.get("range", {})
    if file := files.get(place.get("filename")):
        place = file.place(place["start"]["line"])
    lines = [
        f"{place.get('filename', '')}:{place.get('start', {}).get('line', '')}"
        f" {diagnostic['summary']} {' '.join(diagnostic.get('detail', '').split())}"
    ]
    values = (diagnostic.get("snippet") or {}).get("values") or []
    return "\n".join([*lines, *(f"    {value['traversal']} {value['statement']}" for value in values)])


def run_tests(folders: Sequence[Path], attached: str, stop_at_first: bool = False) -> list[Outcome]:
    """Test folders in one process; with ``stop_at_first`` the first test that fails is the last."""
    started = time.monotonic()
    joined, files = join(folders)
    if said := initialise(joined, attached):
        if len(folders) > 1:  # One of them is to blame.
            return [outcome for folder in folders for outcome in run_tests([folder], attached, stop_at_first)]
        said = "\nError: ".join(dict.fromkeys(said.split("\nError: ")))  # Terraform says it for each run.
        return [Outcome(folders[0], 0, 1, time.monotonic() - started, said)]
    runs: dict[Path, dict[str, str]] = {folder: {} for folder in folders}
    seconds = dict.fromkeys(folders, 0.0)
    told: dict[Path, list[str]] = {folder: [] for folder in folders}
    broken, common = set(), []
    with terraform(joined, attached, "test", "-json", "-no-color") as test:
        assert test.stdout is not None
        for line in test.stdout:
            if not line.startswith("{"):
                common.append(line)
                continue
            event = json.loads(line)
            file = files.get(event.get("@testfile", ""))
            if event["type"] == "diagnostic" and event["diagnostic"]["severity"] == "error":
                message = explain(event["diagnostic"], files)
                (told[file.folder] if file else common).append(message)
            elif stop_at_first and (common or any(told.values())):
                break  # all that the failed test said has been read
            if file is None:
                continue
            if event["type"] == "test_run" and event["test_run"]["progress"] == "complete":
                runs[file.folder][event["test_run"]["run"]] = event["test_run"]["status"]
            if event["type"] == "test_file" and event["test_file"]["progress"] == "complete":
                now = time.monotonic()
                seconds[file.folder], started = seconds[file.folder] + now - started, now
                if event["test_file"]["status"] != "pass":
                    broken.add(file.folder)
        else:
            test.wait()
    if test.returncode != 0 and not broken:
        broken.update(folders)
    outcomes = []
    for folder in folders:
        passed = sum(status == "pass" for status in runs[folder].values())
        failed = sum(status in ("fail", "error") for status in runs[folder].values())
        if folder in broken or not passed:
            failed = max(failed, 1)
            told[folder] += common
        outcomes.append(Outcome(folder, passed, failed, seconds[folder], "\n".join(told[folder]), runs[folder]))
    return outcomes


def outcomes_of(folders: Sequence[Path], attached: str, stop_at_first: bool = False) -> Iterator[Outcome]:
    """Test folders, some in a process and two processes at a time; outcomes come in the order of ``folders``."""
    together = 1 if stop_at_first else TOGETHER
    groups = [folders[first : first + together] for first in range(0, len(folders), together)]
    with ThreadPoolExecutor(WORKERS) as pool:
        for outcomes in pool.map(partial(run_tests, attached=attached, stop_at_first=stop_at_first), groups):
            yield from outcomes


def first_state(folder: Path, file: str) -> dict[str, Any]:
    """What the first run of a folder's test file plans or applies with the mock provider: resources with values."""
    if said := initialise(folder, None):
        raise UserError(f"terraform init of {folder}: {said[-2000:]}")
    with terraform(folder, None, "test", "-json", "-verbose", f"-filter={file}") as run:
        assert run.stdout is not None
        events = (json.loads(line) for line in run.stdout if line.startswith("{"))
        # The other runs only refuse values.
        state = next((event[event["type"]] for event in events if event["type"] in ("test_plan", "test_state")), None)
    if state is None:
        raise UserError(f"no state: terraform test of {folder} says why")
    found: dict[str, Any] = state
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="terraform test of modules and roots.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="last folder of a module or root (default: all)")
    parser.add_argument("--stop-at-first", action="store_true", help="end a folder's tests with the first that fails")
    parser.add_argument("--attached", help="a provider that runs already, as in TF_REATTACH_PROVIDERS")
    options = parser.parse_args()
    folders = tested_folders(*options.names)
    outcomes = []
    with ExitStack() as stack:
        attached = options.attached or stack.enter_context(shared_provider(folders[0]))
        for outcome in outcomes_of(folders, attached, options.stop_at_first):
            outcomes.append(outcome)
            name = outcome.folder.relative_to(REPOSITORY)
            console.print(
                f"{name}: {outcome.passed} passed, {outcome.failed} failed in {outcome.seconds:.0f} s", highlight=False
            )
            if outcome.failed:
                console.print(outcome.output, markup=False, highlight=False, soft_wrap=True)
    passed, failed = sum(o.passed for o in outcomes), sum(o.failed for o in outcomes)
    print(f"terraform: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    run_program(main)
