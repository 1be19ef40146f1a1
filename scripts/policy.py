"""checkov on the Terraform sources, on the plans of every root, and on the manifests; residency, and least privilege of
every policy (``make policy``).

The plans are those of :mod:`scripts.plans`. checkov's runs use ``policy/checkov.yaml`` and our checks in
``policy/checks``; what else is looked at is in ``scripts/guardrails``. ``make evidence`` (:mod:`scripts.evidence`) has
the same runs of checkov, and reads them.
``--plan ROOT`` checks the plan of one root and nothing else (``make mutants`` does).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.cluster.manifests import overlays
from scripts.cluster.samples import all_manifests
from scripts.guardrails import residency
from scripts.guardrails.documents import Policy, Resource, completed, handed_on, policies, resources
from scripts.infrastructure.environments import BOOTSTRAP, ROOTS, load_environment
from scripts.localcloud import ACCOUNT
from scripts.paths import BUILD, REPOSITORY, TERRAFORM
from scripts.plan_values import fill_unknown
from scripts.plans import make_plans, sample_plans
from scripts.talk import UserError, make_console, run_program
from scripts.terraform_tests import first_state

PROGRAMS = REPOSITORY / ".venvs" / "policy" / "bin"
CHECKOV = PROGRAMS / "checkov"
# Of the local cloud, and of the mock provider in the roots' tests.
PLANNED_ACCOUNT, TESTED_ACCOUNT = ACCOUNT, "111122223333"
console = make_console()


@dataclass(frozen=True)
class Scan:
    """One run of checkov: what it looks at, and the arguments that say so."""

    title: str
    arguments: tuple[str, ...]


SOURCES = Scan(
    "sources", ("-d", ".", "--framework", "terraform", "--skip-path", ".build", "--skip-path", "policy/samples")
)


def run_checkov(scan: Scan, *output: str) -> subprocess.CompletedProcess[str]:
    """Run checkov, whose exit code is 0 if nothing failed; ``output`` says how it shows what it found."""
    if not CHECKOV.exists():
        raise UserError("checkov's environment is missing; run: make setup")
    return subprocess.run(
        [str(CHECKOV), "--config-file", "policy/checkov.yaml", *scan.arguments, *output],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "LOG_LEVEL": "ERROR"},
    )  # fmt: skip


def shown_checkov(scan: Scan) -> bool:
    """Run checkov and print its title, and what failed; True if nothing did."""
    done = run_checkov(scan, "--compact", "--quiet")
    return report(f"checkov: {scan.title}", done.returncode == 0, done.stdout + done.stderr)


def write_sarif(folder: Path) -> int:
    """Write what checkov finds in the sources for code scanning; its exit code, which is 0 if that is nothing.

    Raises:
        UserError: it found nothing to look at, or could not run.
    """
    target = folder / "results_sarif.sarif"
    target.unlink(missing_ok=True)
    done = run_checkov(SOURCES, "--output", "sarif", "--output-file-path", str(folder))
    if not target.exists():
        raise UserError(f"checkov wrote no {target}: {done.stderr.strip() or done.stdout.strip()}")
    found = len(json.loads(target.read_text(encoding="utf-8"))["runs"][0]["results"])
    console.print(f"{target}: {found} findings", highlight=False)
    return done.returncode


def report(title: str, passed: bool, details: str) -> bool:
    """Say how a check ended, with the details if badly."""
    console.print(f"[{'green' if passed else 'red'}]{title}[/]", highlight=False)
    if not passed:
        console.print(details, markup=False, highlight=False)
    return passed


def scans(plans: Mapping[str, Path], folder: Path) -> Iterator[Scan]:
    """What checkov looks at: sources, plans, the manifests of each overlay; what it needs is written to ``folder``."""
    yield SOURCES
    for root, path in plans.items():
        yield scan_of_plan(root, json.loads(path.read_text(encoding="utf-8")), folder)
    for name in overlays():
        manifests = folder / "manifests" / f"{name}.yaml"
        manifests.parent.mkdir(parents=True, exist_ok=True)
        manifests.write_text(yaml.safe_dump_all(all_manifests(name)), encoding="utf-8")
        yield Scan(f"manifests of {name}", ("-f", str(manifests), "--framework", "kubernetes"))


def scan_of_plan(root: str, plan: dict[str, Any], folder: Path) -> Scan:
    """The plan of a root with what is set but not known yet filled in (:mod:`scripts.plan_values`)."""
    fill_unknown(plan)
    filled = folder / "filled" / f"{root}.json"
    filled.parent.mkdir(parents=True, exist_ok=True)
    filled.write_text(json.dumps(plan), encoding="utf-8")
    return Scan(
        f"plan of {root}",
        ("-f", str(filled), "--framework", "terraform_plan", "--repo-root-for-plan-enrichment", "."),
    )


def check_residency(root: str, plan: dict[str, Any], planned: list[Resource], tested: list[Resource]) -> bool:
    """Nothing outside the permitted regions, nobody from another account; True if so."""
    permitted = residency.permitted_regions()
    complaints = [
        *residency.provider_findings(plan, permitted),
        *residency.findings(planned, permitted, PLANNED_ACCOUNT),
        *residency.findings(tested, permitted, TESTED_ACCOUNT),
    ]
    return report(f"residency: {root}", not complaints, "\n".join(complaints))


def check_least_privilege(documents: list[Policy]) -> bool:
    """parliament, cloudsplaining and our rules, in their own environment; True if there is nothing to say."""
    path = BUILD / "policy" / "documents.json"
    rows = [{"address": each.address, "kind": each.kind, "document": each.document} for each in documents]
    path.write_text(json.dumps(rows), encoding="utf-8")
    done = subprocess.run(
        [str(PROGRAMS / "python"), "-m", "scripts.guardrails.least_privilege", str(path)],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return report(f"least privilege: {len(documents)} policies", done.returncode == 0, done.stdout + done.stderr)


def first_test(root: str) -> str:
    """The root's test file, from the root."""
    folder = TERRAFORM / root
    return str(min(folder.glob("tests/*.tftest.hcl")).relative_to(folder))


def check_plan(root: str, folder: Path) -> bool:
    """checkov and residency on the plan of one root."""
    path = make_plans(load_environment("local"), folder / "plans", root)[root]
    plan = json.loads(path.read_text(encoding="utf-8"))
    lies_well = check_residency(root, plan, resources(plan), [])
    return shown_checkov(scan_of_plan(root, plan, folder)) and lies_well


def main() -> int:
    parser = argparse.ArgumentParser(description="checkov on sources, plans and manifests; residency; least privilege.")
    parser.add_argument("--plan", metavar="ROOT", choices=[BOOTSTRAP, *ROOTS], help="only the plan of one root")
    parser.add_argument("--sarif", action="store_true", help="only the sources, as .build/policy/results_sarif.sarif")
    arguments = parser.parse_args()
    root = arguments.plan
    folder = BUILD / "policy"
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.sarif:
        return write_sarif(folder)
    if root:
        return 0 if check_plan(root, folder) else 1
    plans = sample_plans()
    passed = [shown_checkov(scan) for scan in scans(plans, folder)]
    documents: list[Policy] = []
    for root, path in plans.items():
        plan = json.loads(path.read_text(encoding="utf-8"))
        planned, tested = resources(plan), resources(first_state(TERRAFORM / root, first_test(root)))
        passed.append(check_residency(root, plan, planned, tested))
        documents += [*completed(policies(planned), policies(tested)), *handed_on(plan)]
    passed.append(check_least_privilege(documents))
    return 0 if all(passed) else 1


if __name__ == "__main__":
    run_program(main)
