"""checkov on the Terraform sources, on the plans of every root, and on the manifests (``make policy``).

Plans see what sources hide: values that come through variables, catalogue files and modules. They are made against a
local cloud of their own that holds nothing but sample handoffs (``tests/data/handoffs``; a test compares those with the
real ones), so nothing has to be applied first. All runs use ``policy/checkov.yaml`` and our checks in
``policy/checks``. ``make evidence`` (:mod:`scripts.evidence`) makes the same plans and the same runs, and reads them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
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


@dataclass(frozen=True)
class Scan:
    """One run of checkov: what it looks at, and the arguments that say so."""

    title: str
    arguments: tuple[str, ...]


def publish_sample_handoffs(cloud: LocalCloud, environment: Environment) -> None:
    """Put a sample document where each root would publish its own, so that the roots after it can be planned."""
    for root in ROOTS:
        text = (SAMPLE_HANDOFFS / f"{root}.json").read_text(encoding="utf-8")
        for region in (environment.region, environment.recovery_region):
            cloud.client("ssm", region).put_parameter(
                Name=environment.handoff(root), Value=text, Type="String", Overwrite=True
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
    console.print(f"[{'green' if done.returncode == 0 else 'red'}]checkov: {scan.title}[/]", highlight=False)
    if done.returncode != 0:
        console.print(done.stdout + done.stderr, markup=False, highlight=False)
    return done.returncode == 0


def fill_unknown_values(source: Path, target: Path) -> None:
    """See :mod:`scripts.plan_values`."""
    plan = json.loads(source.read_text(encoding="utf-8"))
    fill_unknown(plan)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(plan), encoding="utf-8")


def make_plans(environment: Environment, folder: Path) -> dict[str, Path]:
    """Plan every root with the values of ``environment`` on a local cloud of its own; root -> its plan as JSON.

    An environment that is none of the local cloud is planned there too: its values, and nothing of its account.
    """
    shutil.rmtree(folder, ignore_errors=True)
    here = replace(environment, name="local")
    with own_local_cloud(BUILD / "policy" / "localcloud") as cloud:
        publish_sample_handoffs(cloud, here)
        commands.plan(here, BOOTSTRAP, json_folder=folder)
        commands.plan(here, None, json_folder=folder)
    return {root: folder / f"{root}.json" for root in (BOOTSTRAP, *ROOTS)}


def scans(plans: Mapping[str, Path], folder: Path) -> Iterator[Scan]:
    """What checkov looks at: sources, plans, the manifests of each overlay; what it needs is written to ``folder``."""
    yield Scan(
        "sources", ("-d", ".", "--framework", "terraform", "--skip-path", ".build", "--skip-path", "policy/samples")
    )
    for root, plan in plans.items():
        filled = folder / "filled" / f"{root}.json"
        fill_unknown_values(plan, filled)
        yield Scan(
            f"plan of {root}",
            ("-f", str(filled), "--framework", "terraform_plan", "--repo-root-for-plan-enrichment", "."),
        )
    for name in overlays():
        manifests = folder / "manifests" / f"{name}.yaml"
        manifests.parent.mkdir(parents=True, exist_ok=True)
        manifests.write_text(yaml.safe_dump_all(all_manifests(name)), encoding="utf-8")
        yield Scan(f"manifests of {name}", ("-f", str(manifests), "--framework", "kubernetes"))


def main() -> int:
    folder = BUILD / "policy"
    plans = make_plans(load_environment("local"), folder / "plans")
    passed = [shown_checkov(scan) for scan in scans(plans, folder)]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    run_program(main)
