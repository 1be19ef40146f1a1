"""checkov on the Terraform sources, on the plans of every root, and on the manifests; residency, and least privilege of
every policy (``make policy``).

The plans are those of :mod:`scripts.plans`. checkov's runs use ``policy/checkov.yaml`` and our checks in
``policy/checks``; what else is looked at is in ``scripts/guardrails``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from scripts.cluster.manifests import overlays
from scripts.cluster.samples import all_manifests
from scripts.guardrails import residency
from scripts.guardrails.documents import Policy, Resource, completed, handed_on, policies, resources
from scripts.infrastructure.environments import BOOTSTRAP, ROOTS
from scripts.paths import BUILD, REPOSITORY, TERRAFORM
from scripts.plan_values import fill_unknown
from scripts.plans import sample_plans
from scripts.talk import UserError, make_console, run_program
from scripts.terraform_tests import first_state

PROGRAMS = REPOSITORY / ".venvs" / "policy" / "bin"
CHECKOV = PROGRAMS / "checkov"
# Of the local cloud, and of the mock provider in the roots' tests.
PLANNED_ACCOUNT, TESTED_ACCOUNT = "000000000000", "111122223333"
console = make_console()


def run_checkov(title: str, *arguments: str) -> bool:
    """Run checkov; True if nothing failed."""
    done = subprocess.run(
        [str(CHECKOV), "--config-file", "policy/checkov.yaml", *arguments],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    return report(title, done.returncode == 0, done.stdout + done.stderr)


def report(title: str, passed: bool, details: str) -> bool:
    """Say how a check ended, with the details if badly."""
    console.print(f"[{'green' if passed else 'red'}]{title}[/]", highlight=False)
    if not passed:
        console.print(details, markup=False, highlight=False)
    return passed


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


def fill_unknown_values(path: Path) -> None:
    """See :mod:`scripts.plan_values`."""
    plan = json.loads(path.read_text(encoding="utf-8"))
    fill_unknown(plan)
    path.write_text(json.dumps(plan), encoding="utf-8")


def first_test(root: str) -> str:
    """The root's test file, from the root."""
    folder = TERRAFORM / root
    return str(min(folder.glob("tests/*.tftest.hcl")).relative_to(folder))


def main() -> int:
    if not CHECKOV.exists():
        raise UserError("checkov's environment is missing; run: make setup")
    passed = run_checkov(
        "checkov: sources",
        "-d",
        ".",
        "--framework",
        "terraform",
        "--skip-path",
        ".build",
        "--skip-path",
        "policy/samples",
    )
    plans = BUILD / "policy" / "plans"
    shutil.rmtree(plans, ignore_errors=True)
    shutil.copytree(sample_plans(), plans)
    documents: list[Policy] = []
    for root in (BOOTSTRAP, *ROOTS):
        plan = json.loads((plans / f"{root}.json").read_text(encoding="utf-8"))
        planned, tested = resources(plan), resources(first_state(TERRAFORM / root, first_test(root)))
        passed &= check_residency(root, plan, planned, tested)
        documents += [*completed(policies(planned), policies(tested)), *handed_on(plan)]
        fill_unknown_values(plans / f"{root}.json")
        passed &= run_checkov(
            f"checkov: plan of {root}",
            "-f", str(plans / f"{root}.json"), "--framework", "terraform_plan", "--repo-root-for-plan-enrichment", ".",
        )  # fmt: skip
    passed &= check_least_privilege(documents)
    for name in overlays():
        manifests = BUILD / "policy" / "manifests" / f"{name}.yaml"
        manifests.parent.mkdir(parents=True, exist_ok=True)
        manifests.write_text(yaml.safe_dump_all(all_manifests(name)), encoding="utf-8")
        passed &= run_checkov(f"checkov: manifests of {name}", "-f", str(manifests), "--framework", "kubernetes")
    return 0 if passed else 1


if __name__ == "__main__":
    run_program(main)
