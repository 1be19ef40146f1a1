"""Write one fault at a time into a copy of the Terraform and see which check notices it (``make mutants``).

The faults are in ``policy/mutants.yaml``. For each, checks run from the cheapest to the dearest until one fails: the
Terraform tests of the changed module, the rules of the house, checkov with our checks on the changed folder, the
Terraform tests of the modules and roots that use it, and checkov on the plans of these roots. A check that fails on the
unchanged tree as well has noticed nothing, so whatever noticed a fault also runs on an unchanged copy, once. A fault
that nothing notices survives, and a check is missing.

Everything runs in copies below a temporary folder; environments and built archives are linked into them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scripts.paths import BUILD, MODULES, REPOSITORY
from scripts.talk import UserError, make_console, run_program
from scripts.terraform_tests import shared_provider

AREAS = (
    "access",
    "efs-policy",
    "keys",
    "backup",
    "transfer",
    "logs",
    "network",
    "residency",
    "function",
    "cluster",
    "alarms",
    "cost",
)
CORPUS = Path("policy/mutants.yaml")
WORKERS = 2
SHOWN_LINES = 4
SHOWN_COLUMNS = 300

COPIED = ("catalog", "modules", "policy", "scripts", "terraform", "tests/data", "tests/meta", "pyproject.toml")
LINKED = (".venv", ".venvs", "dist", "kubernetes", "lambda_src", "localcloud", "pipelines")

# A value that Terraform shows with a failed test. That something is an object tells nobody anything.
VALUE = r"^    \S+ is (?!object |map |set |tuple |list ).+$"

MODULE_SOURCE = re.compile(r'^\s*source\s*=\s*"(\.\.?/[^"]+)"', re.M)

console = make_console()


@dataclass(frozen=True)
class Mutant:
    """One fault: in ``file``, ``new`` instead of ``old``."""

    id: str
    area: str
    wrong: str
    file: str
    old: str
    new: str

    @property
    def folder(self) -> str:
        """The module or root that the fault is in; a part of a module is tested with it."""
        return str(Path(*Path(self.file).parts[:2]))

    def apply(self, tree: Path) -> None:
        """Write the fault into ``tree``. Raises :class:`UserError` if ``old`` does not stand there exactly once."""
        path = tree / self.file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if (count := text.count(self.old)) != 1:
            raise UserError(
                f"{CORPUS}: {self.id}: its old text occurs {count} times in {self.file} instead of once; "
                "adapt it to the file as it is now"
            )
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True)
class Killer:
    """A check: a command that fails if something is wrong, and the lines of its output that say what."""

    name: str
    command: tuple[str, ...]
    telling: str

    def run(self, tree: Path) -> Result:
        """Run it in ``tree``."""
        done = subprocess.run(
            self.command, cwd=tree, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(tree), "LOG_LEVEL": "ERROR", "COLUMNS": "200"},
        )  # fmt: skip
        output = done.stdout + done.stderr
        found = (line.strip() for line in re.findall(self.telling, output, re.M))
        return Result(done.returncode != 0, list(dict.fromkeys(line for line in found if line)), output)


@dataclass(frozen=True)
class Result:
    """What a check said of a tree. ``telling`` is the counterexample."""

    failed: bool
    telling: list[str]
    output: str


@dataclass
class Verdict:
    """What became of a mutant: killed by a check, alive after all of them, or refused by Terraform itself."""

    mutant: Mutant
    killer: str | None = None
    counterexample: list[str] = field(default_factory=list)
    problem: str | None = None
    seconds: float = 0.0

    @property
    def outcome(self) -> str:
        return "broken" if self.problem else "killed" if self.killer else "survived"


def load_mutants(path: Path) -> list[Mutant]:
    """The corpus. Raises :class:`UserError` naming what is wrong with it."""
    try:
        mutants = [Mutant(**entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["mutants"]]
    except TypeError as error:
        raise UserError(f"{path}: a mutant has id, area, wrong, file, old and new: {error}") from error
    if doubled := [name for name, count in Counter(mutant.id for mutant in mutants).items() if count > 1]:
        raise UserError(f"{path}: more than one mutant is called {', '.join(doubled)}")
    if strangers := [mutant.id for mutant in mutants if mutant.area not in AREAS]:
        raise UserError(f"{path}: the area of {', '.join(strangers)} is none of {', '.join(AREAS)}")
    return mutants


def select(mutants: Sequence[Mutant], area: str, name: str) -> list[Mutant]:
    """Those of an area, or the one of a name. Raises :class:`UserError` if there is none."""
    chosen = [m for m in mutants if area in ("", m.area) and name in ("", m.id)]
    if not chosen:
        raise UserError(f"no mutant has AREA={area} MUTANT={name}; areas are {', '.join(AREAS)}, names in {CORPUS}")
    return chosen


def share_of(mutants: Sequence[Mutant], share: int, commit: str) -> list[Mutant]:
    """One in ``share`` of them, begun where the commit says: other commits have other ones.

    Raises :class:`UserError` for a share that is none.
    """
    if share < 1:
        raise UserError(f"SHARE={share} is no share: give 1 for all, 3 for a third")
    return list(mutants[int(commit[:8], 16) % share :: share])


def users(folder: str, repository: Path) -> list[str]:
    """Modules and roots that use a module, directly or through another; modules first."""
    sources = {
        str(path.relative_to(repository)): {
            os.path.normpath(path.relative_to(repository) / source)
            for file in path.glob("*.tf")
            for source in MODULE_SOURCE.findall(file.read_text(encoding="utf-8"))
        }
        for parent in ("modules", "terraform")
        for path in sorted((repository / parent).glob("*"))
        if path.is_dir()
    }
    found: set[str] = set()
    new = {folder}
    while new := {user for user, used in sources.items() if used & new} - found:
        found |= new
    return sorted(found)


def terraform_killer(folder: str, attached: str) -> Killer:
    """``telling``: what a test or a validation says, and not that Terraform refuses the configuration itself."""
    words = ("--stop-at-first", "--attached", attached, Path(folder).name)
    return Killer(
        f"terraform test of {folder}",
        (".venv/bin/python", "-m", "scripts.terraform_tests", *words),
        r"^\S+ (?:Test assertion failed|Missing expected failure|Invalid value for variable) .*$|" + VALUE,
    )


def killers(mutant: Mutant, repository: Path, attached: str) -> Iterator[Killer]:
    """The checks that could notice a mutant, from the cheapest to the dearest; ``attached``: see shared_provider."""
    is_module = mutant.folder.startswith("modules/")
    if is_module:
        yield terraform_killer(mutant.folder, attached)
    house = "tests/meta/test_terraform_house.py"
    yield Killer("rules of the house", (".venv/bin/python", "-m", "pytest", "-q", house), r"^E   +\w*Error: .*$")
    yield Killer(
        f"checkov on {mutant.folder}",
        (
            *(".venvs/policy/bin/checkov", "--config-file", "policy/checkov.yaml"),
            *("-d", mutant.folder, "--framework", "terraform"),
        ),
        r"^Check: .*$|^\s+FAILED for resource: .*$",
    )
    using = users(mutant.folder, repository) if is_module else [mutant.folder]
    yield from (terraform_killer(user, attached) for user in using)
    for root in (user for user in using if user.startswith("terraform/")):
        yield Killer(
            f"checkov on the plan of {root}",
            (".venv/bin/python", "-m", "scripts.policy", "--plan", Path(root).name),
            r"^Check: .*$|^\s+FAILED for resource: .*$",
        )


def copy_tree(source: Path, target: Path) -> None:
    """What the checks need of a repository."""
    target.mkdir()
    for name in COPIED:
        if (source / name).is_dir():
            shutil.copytree(
                source / name, target / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", ".terraform*")
            )
        elif (source / name).exists():
            shutil.copy2(source / name, target / name)
    for name in LINKED:
        if (source / name).exists():
            (target / name).symlink_to((source / name).resolve(), target_is_directory=True)


class Judge:
    """Decides on mutants in copies of a repository; remembers what the checks say of the unchanged one."""

    def __init__(self, repository: Path, workplace: Path, killers_of: Callable[[Mutant], Iterator[Killer]]) -> None:
        self._workplace = workplace
        self._killers_of = killers_of
        # What mutants are copied from: nothing runs in it, and what is edited meanwhile is not in it.
        self._source = workplace / "source"
        copy_tree(repository, self._source)
        self._unchanged = workplace / "unchanged"
        copy_tree(self._source, self._unchanged)
        self._passes: dict[str, bool] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def passes_unchanged(self, killer: Killer) -> bool:
        """Whether a check passes on the repository as it is; it is asked once."""
        with self._guard:
            lock = self._locks.setdefault(killer.name, threading.Lock())
        with lock:
            if killer.name not in self._passes:
                self._passes[killer.name] = not killer.run(self._unchanged).failed
            return self._passes[killer.name]

    def judge(self, mutant: Mutant) -> Verdict:
        """Write the mutant into a copy of its own and run the checks until one fails."""
        verdict = Verdict(mutant)
        started = time.monotonic()
        tree = self._workplace / mutant.id
        try:
            copy_tree(self._source, tree)
            mutant.apply(tree)
            for killer in self._killers_of(mutant):
                result = killer.run(tree)
                if not result.failed:
                    continue
                if not self.passes_unchanged(killer):
                    verdict.problem = f"{killer.name} fails on the unchanged tree as well; mend that first"
                elif not result.telling:
                    verdict.problem = f"{killer.name} fails and does not say why: {result.output.strip()[:600]}"
                else:
                    verdict.killer, verdict.counterexample = killer.name, result.telling[:SHOWN_LINES]
                break
        except UserError as error:
            verdict.problem = str(error)
        finally:
            shutil.rmtree(tree)
        verdict.seconds = time.monotonic() - started
        return verdict


def show(verdict: Verdict) -> None:
    colour = "green" if verdict.outcome == "killed" else "red"
    said = f" by {verdict.killer}" if verdict.killer else ""
    console.print(
        f"[{colour}]{verdict.mutant.id}[/] {verdict.outcome}{said} ({verdict.seconds:.0f} s)", highlight=False
    )
    lines = [verdict.problem] if verdict.problem else verdict.counterexample
    for line in lines or [f"{verdict.mutant.file}: {verdict.mutant.wrong}"]:
        console.print(f"    {line[:SHOWN_COLUMNS]}", markup=False, highlight=False, soft_wrap=True)


def write_report(path: Path, verdicts: Sequence[Verdict], seconds: float) -> None:
    """As JSON: what became of each mutant, and of all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {
        "seconds": round(seconds),
        "outcomes": dict(Counter(verdict.outcome for verdict in verdicts)),
        "mutants": [asdict(v) | {"outcome": v.outcome, "seconds": round(v.seconds, 1)} for v in verdicts],
    }
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def run(mutants: Sequence[Mutant], judge: Callable[[Mutant], Verdict]) -> list[Verdict]:
    """Judge all, two at a time, with progress."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    verdicts = []
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("mutants", total=len(mutants))
        with ThreadPoolExecutor(WORKERS) as pool:
            futures = [pool.submit(judge, mutant) for mutant in mutants]
            try:
                for done in as_completed(futures):
                    verdicts.append(done.result())
                    show(verdicts[-1])
                    progress.advance(task)
            except BaseException:  # Control-C among them: the rest need not be judged
                pool.shutdown(cancel_futures=True)
                raise
    return verdicts


def conclude(verdicts: Sequence[Verdict], seconds: float, report: Path) -> int:
    """Write the report and name what was not killed; the exit code."""
    write_report(report, verdicts, seconds)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    alive = [verdict.mutant.id for verdict in verdicts if verdict.outcome != "killed"]
    print(
        f"mutants: {len(verdicts) - len(alive)} of {len(verdicts)} killed in {seconds:.0f} s,"
        f" {used.ru_utime + used.ru_stime:.0f} s of CPU ({report})"
    )
    if alive:
        console.print(f"[red]not killed:[/] {', '.join(alive)}", highlight=False)
    return 1 if alive else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Faults in the Terraform, and the checks that notice them.")
    parser.add_argument("--area", default="", help="only those of an area")
    parser.add_argument("--mutant", default="", help="only the one of this id")
    parser.add_argument("--share", type=int, default=1, help="one in so many, others for each commit")
    options = parser.parse_args()
    mutants = select(load_mutants(REPOSITORY / CORPUS), options.area, options.mutant)
    if options.share != 1:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=True
        ).stdout
        mutants = share_of(mutants, options.share, commit)
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="kosha-mutants-") as workplace,
        shared_provider(MODULES / "handoff") as attached,
    ):
        judge = Judge(REPOSITORY, Path(workplace), partial(killers, repository=REPOSITORY, attached=attached))
        verdicts = run(mutants, judge.judge)
    return conclude(verdicts, time.monotonic() - started, BUILD / "mutants" / "report.json")


if __name__ == "__main__":
    run_program(main)
