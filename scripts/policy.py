"""checkov on the Terraform sources, on the plans of every root, and on the manifests (``make policy``).

The plans are those of :mod:`scripts.plans`. All runs use ``policy/checkov.yaml`` and our checks in ``policy/checks``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import yaml

from scripts.cluster.manifests import overlays
from scripts.cluster.samples import all_manifests
from scripts.infrastructure.environments import BOOTSTRAP, ROOTS
from scripts.paths import BUILD, REPOSITORY
from scripts.plan_values import fill_unknown
from scripts.plans import sample_plans
from scripts.talk import UserError, make_console, run_program

CHECKOV = REPOSITORY / ".venvs" / "policy" / "bin" / "checkov"
console = make_console()


def run_checkov(title: str, *arguments: str) -> bool:
    """Run checkov; True if nothing failed."""
    done = subprocess.run(
        [str(CHECKOV), "--config-file", "policy/checkov.yaml", *arguments],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    console.print(f"[{'green' if done.returncode == 0 else 'red'}]{title}[/]", highlight=False)
    if done.returncode != 0:
        console.print(done.stdout + done.stderr, markup=False, highlight=False)
    return done.returncode == 0


def fill_unknown_values(path: Path) -> None:
    """See :mod:`scripts.plan_values`."""
    plan = json.loads(path.read_text(encoding="utf-8"))
    fill_unknown(plan)
    path.write_text(json.dumps(plan), encoding="utf-8")


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
    for root in (BOOTSTRAP, *ROOTS):
        fill_unknown_values(plans / f"{root}.json")
        passed &= run_checkov(
            f"checkov: plan of {root}",
            "-f", str(plans / f"{root}.json"), "--framework", "terraform_plan", "--repo-root-for-plan-enrichment", ".",
        )  # fmt: skip
    for name in overlays():
        manifests = BUILD / "policy" / "manifests" / f"{name}.yaml"
        manifests.parent.mkdir(parents=True, exist_ok=True)
        manifests.write_text(yaml.safe_dump_all(all_manifests(name)), encoding="utf-8")
        passed &= run_checkov(f"checkov: manifests of {name}", "-f", str(manifests), "--framework", "kubernetes")
    return 0 if passed else 1


if __name__ == "__main__":
    run_program(main)
