"""``make evidence``: run what the controls name, and write the report.

``python -m scripts.evidence make [--env ENV] [--with "local-cloud make"]``, ``... check`` (part of ``make lint``),
``... render report.json`` (the page again, from a document that is there).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jsonschema import ValidationError
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from scripts import policy
from scripts.evidence import report, runs
from scripts.evidence.controls import Check, CheckKind, ControlMap, load
from scripts.evidence.status import Outcome, Result, Status
from scripts.infrastructure.terraform import find_terraform
from scripts.paths import BUILD, REPOSITORY
from scripts.plans import sample_plans
from scripts.talk import UserError, make_console, run_program

EVIDENCE = BUILD / "evidence"
GROUPS = ("local-cloud", "make")
COLOURS = {Status.PROVED: "green", Status.FAILED: "red", Status.NOT_RUN: "yellow"}
console = make_console()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.evidence", description="Evidence for the control map.")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="run the checks and write the report")
    make.add_argument("--env", default="local", help="whose values are planned (default: local)")
    make.add_argument("--with", dest="groups", default="", help=f"what is left out otherwise: {' '.join(GROUPS)}")
    commands.add_parser("check", help="check docs/controls.yaml without running anything")
    again = commands.add_parser("render", help="write the page of a report.json again")
    again.add_argument("document", type=Path)
    options = parser.parse_args()
    if options.command == "check":
        console.print(f"controls: {len(load().controls)} are right", highlight=False)
        return 0
    if options.command == "render":
        try:
            page = report.write_page(options.document)
        except (OSError, ValueError, ValidationError) as error:
            why = str(error).splitlines()[0]
            raise UserError(f"{options.document} is no report.json of make evidence: {why}") from error
        console.print(str(page), highlight=False)
        return 0
    return make_evidence(options.env, options.groups.split())


def make_evidence(env: str, groups: Sequence[str]) -> int:
    """Returns 1 if a control failed."""
    if unknown := set(groups) - set(GROUPS):
        raise UserError(f"WITH={' '.join(sorted(unknown))} is none of: {' '.join(GROUPS)}")
    controls = load()
    made, before = datetime.now(UTC), state_of_sources()
    folder = EVIDENCE / f"{made:%Y-%m-%d}"
    with progress_of("plans", "checkov", "terraform test", "pytest") as done:
        plans = sample_plans(env)
        documents = {root: json.loads(path.read_text(encoding="utf-8")) for root, path in plans.items()}
        planned = {root: runs.planned_addresses(document) for root, document in documents.items()}
        for root, counted in planned.items():
            console.print(f"plan of {root}: {counted.total()} resources", highlight=False)
        done("plans")
        findings = runs.run_checkov(policy.scans(plans, EVIDENCE), say)
        done("checkov")
        results = run_terraform(controls)
        done("terraform test")
        results |= run_pytest(controls, "local-cloud" in groups) | run_make(controls, "make" in groups)
        done("pytest")
    if state_of_sources() != before:
        raise UserError("the sources changed while the checks ran, so what they said is of no one state: run it again")
    document = report.build(
        controls,
        runs.Everything(results, findings),
        planned,
        made,
        {
            "environment": env,
            "repository": before,
            "tools": tools(),
            "plans": [
                {"root": root, "sha256": runs.digest(each), "resources": planned[root].total()}
                for root, each in documents.items()
            ],
        },
    )
    page, digest = report.write(document, folder)
    show(document)
    console.print(f"{page}\n{page.with_name('report.json')} (sha256 {digest})", highlight=False, soft_wrap=True)
    return 1 if document["summary"]["by_status"][Status.FAILED] else 0


def say(line: str) -> None:
    console.print(line, highlight=False, markup=False)


@contextmanager
def progress_of(*steps: str) -> Iterator[Any]:
    """A bar over the steps; the block calls what it gets with the name of each step that is done."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(steps[0], total=len(steps))

        def done(step: str) -> None:
            later = steps[steps.index(step) + 1 :]
            progress.update(task, advance=1, description=later[0] if later else step)

        yield done


def run_terraform(controls: ControlMap) -> dict[Check, Result]:
    there, results = named(controls, "terraform")
    return results | by_check("terraform", runs.run_terraform(there, say))


def run_pytest(controls: ControlMap, with_local_cloud: bool) -> dict[Check, Result]:
    """One run of what needs no local cloud; if asked for, the whole ring that does, whose files build on each other."""
    there, absent = named(controls, "pytest")
    results = runs.run_pytest([name for name in there if not runs.needs_local_cloud(name)], say)
    local = [name for name in there if runs.needs_local_cloud(name)]
    if with_local_cloud and local:
        results |= runs.run_pytest(local, say, whole=runs.LOCAL_TESTS)
    else:
        reason = "needs the local cloud: make evidence WITH=local-cloud runs it"
        results |= {name: Result(Outcome.NOT_RUN, "", reason) for name in local}
    return absent | by_check("pytest", results)


def run_make(controls: ControlMap, wanted: bool) -> dict[Check, Result]:
    targets = controls.checks("make")
    if wanted:
        results = runs.run_make(targets, say)
    else:
        reason = "takes long: make evidence WITH=make runs it, or make {} by itself"
        results = {target: Result(Outcome.NOT_RUN, "", reason.format(target)) for target in targets}
    return by_check("make", results)


def named(controls: ControlMap, kind: CheckKind) -> tuple[list[str], dict[Check, Result]]:
    """The names of checks whose files exist, and the results of those whose files do not."""
    names = {name: (REPOSITORY / name.split("::")[0]).exists() for name in controls.checks(kind)}
    gone = Result(Outcome.NOT_RUN, "", "it does not exist yet")
    return [name for name in names if names[name]], {Check(kind, name): gone for name in names if not names[name]}


def by_check(kind: CheckKind, results: Mapping[str, Result]) -> dict[Check, Result]:
    return {Check(kind, name): result for name, result in results.items()}


def state_of_sources() -> dict[str, Any]:
    """The commit, and whether the tree is exactly that; if not, a digest of what differs, new files included."""
    changed = git("status", "--porcelain").splitlines()
    difference = hashlib.sha256((git("diff", "HEAD", "--binary") + "\n".join(changed)).encode())
    for name in git("ls-files", "--others", "--exclude-standard", "-z").split("\0")[:-1]:
        difference.update(f"\n{name}\n{hashlib.sha256((REPOSITORY / name).read_bytes()).hexdigest()}".encode())
    return {
        "commit": git("rev-parse", "HEAD").strip(),
        "clean": not changed,
        "changed": [line[3:] for line in changed],
        "difference_sha256": difference.hexdigest() if changed else "",
    }


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout


def tools() -> Mapping[str, str]:
    """What the checks were run with."""
    terraform = subprocess.run([find_terraform(), "version", "-json"], capture_output=True, text=True, check=True)
    checkov = subprocess.run([str(policy.CHECKOV), "--version"], capture_output=True, text=True, check=True)
    return {
        "Python": platform.python_version(),
        "Terraform": str(json.loads(terraform.stdout)["terraform_version"]),
        "AWS provider": provider_version(),
        "checkov": checkov.stdout.strip(),
        "pytest": version("pytest"),
        "moto": version("moto"),
        "jsonschema": version("jsonschema"),
    }


def provider_version() -> str:
    """The one in the lock file that the tests of a module leave behind."""
    for lock in sorted((REPOSITORY / "modules").glob("*/.terraform.lock.hcl")):
        for line in lock.read_text(encoding="utf-8").splitlines():
            if line.strip().startswith("version"):
                return line.split('"')[1]
    return "unknown"


def show(document: Mapping[str, Any]) -> None:
    table = Table(title=f"{document['summary']['total']} mapped controls")
    table.add_column("source")
    for status in Status:
        table.add_column(str(status), justify="right", style=COLOURS.get(status, ""))
    titles = {source["id"]: source["short"] for source in document["sources"]}
    for source, counted in document["summary"]["by_source"].items():
        table.add_row(titles[source], *(str(counted[status]) for status in Status))
    table.add_row("all", *(str(document["summary"]["by_status"][status]) for status in Status), end_section=True)
    console.print(table)
    for entry in document["controls"]:
        if entry["status"] == Status.FAILED:
            console.print(f"[red]failed[/] {entry['id']} {entry['title']}", highlight=False)
            for check in entry["checks"]:
                if check["outcome"] == Outcome.FAILED:
                    console.print(f"  {check['name']}: {check['message']}", highlight=False, markup=False)
            for reason in entry["reasons"]:
                console.print(f"  {reason}", highlight=False, markup=False)
    why = Counter(reason for e in document["controls"] if e["status"] == Status.NOT_RUN for reason in e["reasons"])
    for reason, count in why.most_common(12):
        console.print(f"[yellow]not run[/] {reason}" + (f" ({count})" if count > 1 else ""), highlight=False)


if __name__ == "__main__":
    run_program(main)
