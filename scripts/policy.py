"""checkov on the Terraform sources, on the plans of every root, and on the manifests (``make policy``).

Plans see what sources hide: values that come through variables, catalogue files and modules. They are made against a
local cloud of their own that holds nothing but sample handoffs (``tests/data/handoffs``; a test compares those with the
real ones), so nothing has to be applied first. Both runs use ``policy/checkov.yaml`` and our checks in
``policy/checks``. ``--plan ROOT`` checks the plan of one root and nothing else (``make mutants`` does).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
from pathlib import Path

import yaml

from scripts.cluster.manifests import overlays
from scripts.cluster.samples import all_manifests
from scripts.infrastructure import commands
from scripts.infrastructure.environments import BOOTSTRAP, ROOTS, Environment, load_environment
from scripts.localcloud import LocalCloud, own_local_cloud
from scripts.paths import BUILD, REPOSITORY, SAMPLE_HANDOFFS
from scripts.plan_values import fill_unknown
from scripts.talk import UserError, make_console, run_program

CHECKOV = REPOSITORY / ".venvs" / "policy" / "bin" / "checkov"
console = make_console()


def publish_sample_handoffs(cloud: LocalCloud, environment: Environment) -> None:
    """Put a sample document where each root would publish its own, so that the roots after it can be planned."""
    for root in ROOTS:
        text = (SAMPLE_HANDOFFS / f"{root}.json").read_text(encoding="utf-8")
        for region in (environment.region, environment.recovery_region):
            cloud.client("ssm", region).put_parameter(
                Name=environment.handoff(root), Value=text, Type="String", Overwrite=True
            )


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


def check_plans(root: str | None) -> bool:
    """Plan every root, or one, against a local cloud of their own and run checkov on the plans."""
    plans = BUILD / "policy" / "plans"
    shutil.rmtree(plans, ignore_errors=True)
    environment = load_environment("local")
    with own_local_cloud(BUILD / "policy" / "localcloud") as cloud:
        publish_sample_handoffs(cloud, environment)
        for selection in [root] if root else [BOOTSTRAP, None]:
            commands.plan(environment, selection, json_folder=plans)
    passed = True
    for name in [root] if root else [BOOTSTRAP, *ROOTS]:
        fill_unknown_values(plans / f"{name}.json")
        passed &= run_checkov(
            f"checkov: plan of {name}",
            "-f", str(plans / f"{name}.json"), "--framework", "terraform_plan", "--repo-root-for-plan-enrichment", ".",
        )  # fmt: skip
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(description="checkov on sources, plans and manifests.")
    parser.add_argument("--plan", metavar="ROOT", choices=[BOOTSTRAP, *ROOTS], help="only the plan of one root")
    options = parser.parse_args()
    if not CHECKOV.exists():
        raise UserError("checkov's environment is missing; run: make setup")
    if options.plan:
        return 0 if check_plans(options.plan) else 1
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
    passed &= check_plans(None)
    for name in overlays():
        manifests = BUILD / "policy" / "manifests" / f"{name}.yaml"
        manifests.parent.mkdir(parents=True, exist_ok=True)
        manifests.write_text(yaml.safe_dump_all(all_manifests(name)), encoding="utf-8")
        passed &= run_checkov(f"checkov: manifests of {name}", "-f", str(manifests), "--framework", "kubernetes")
    return 0 if passed else 1


if __name__ == "__main__":
    run_program(main)
