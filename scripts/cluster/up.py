"""Bring a cluster up, in the one order that works (``make cluster-up``). Every step can be done again.

Terraform's 30-cluster; charts (Karpenter's CRDs before its node pools); manifests; each directory of the shared storage
mounted once; and at last one pod writes what another in another zone reads.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from scripts.cluster.charts import charts
from scripts.cluster.manifests import Images, jobs, values, write_kustomization
from scripts.handoff import read_handoff
from scripts.infrastructure.environments import Environment
from scripts.paths import BUILD, REPOSITORY
from scripts.talk import UserError

PROGRAMS = {
    "aws": "https://docs.aws.amazon.com/cli/",
    "helm": "https://helm.sh/docs/intro/install/",
    "kubectl": "https://kubernetes.io/docs/tasks/tools/",
}
LOOK_AGAIN_SECONDS = 2.0


def check_programs() -> None:
    """Raises :class:`UserError` naming what is missing and where it comes from."""
    if absent := [name for name in PROGRAMS if shutil.which(name) is None]:
        raise UserError("not on this machine: " + "; ".join(f"{name} ({PROGRAMS[name]})" for name in absent))


def run(command: list[str], given: str | None = None) -> str:
    """Run a program; what it says. Raises :class:`UserError` with its last words when it fails."""
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
        raise UserError(f"{' '.join(command[:4])} ... ended with {done.returncode}: " + " / ".join(said[-3:]))
    return done.stdout


def known_of(environment: Environment) -> dict[str, str]:
    """What the roots of an environment published that the cluster needs."""
    return values(*(read_handoff(environment, root) for root in ("10-foundation", "20-storage", "30-cluster")))


def kubeconfig_of(environment: Environment) -> Path:
    return BUILD / "cluster" / environment.name / "kubeconfig"


def kubectl(environment: Environment, *words: str) -> list[str]:
    return ["kubectl", "--kubeconfig", str(kubeconfig_of(environment)), *words]


def finish(environment: Environment, documents: list[dict[str, Any]], seconds: int) -> None:
    """Run Jobs one after the other, each to its end; what is left of them from last time goes first."""
    for job in documents:
        name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]
        run(kubectl(environment, "delete", "job", name, "--namespace", namespace, "--ignore-not-found", "--wait"))
        run(kubectl(environment, "apply", "--filename", "-"), json.dumps(job))
        look = f"kubectl --kubeconfig {kubeconfig_of(environment)} --namespace {namespace} describe job/{name}"
        ask = ("get", f"job/{name}", "--namespace", namespace, "--output=json", "--request-timeout=20s")
        _await_job(kubectl(environment, *ask), seconds, look)


def _await_job(ask: list[str], seconds: int, look: str) -> None:
    """Until a Job is complete; ``kubectl wait`` would wait out its time for one that has failed."""
    end = time.monotonic() + seconds
    while True:
        conditions = json.loads(run(ask)).get("status", {}).get("conditions", [])
        ended = {each["type"]: each.get("message", "") for each in conditions if each["status"] == "True"}
        if "Complete" in ended:
            return
        if "Failed" in ended:
            raise UserError(f"the Job has failed ({ended['Failed']}). Look: {look}")
        if time.monotonic() > end:
            raise UserError(f"the Job has not ended within {seconds} s. Look: {look}")
        time.sleep(LOOK_AGAIN_SECONDS)


def up(environment: Environment, images: Images, console: Console) -> None:
    """Do all of it, saying what is done."""
    if environment.is_local:
        raise UserError("the local cloud has EKS's AWS side only, no Kubernetes: ENV=dev or ENV=prod")
    check_programs()

    def terraform() -> None:
        done = subprocess.run(
            [
                sys.executable, "-m", "scripts.infrastructure", "apply", "--env", environment.name, "--root",
                "30-cluster",
            ],
            cwd=REPOSITORY, check=False,
        )  # fmt: skip
        if done.returncode:
            raise UserError("30-cluster was not applied")

    def access() -> None:
        kubeconfig_of(environment).parent.mkdir(parents=True, exist_ok=True)
        run(
            [
                "aws", "eks", "update-kubeconfig", "--name", known["cluster_name"], "--region", environment.region,
                "--kubeconfig", str(kubeconfig_of(environment)),
            ]
        )  # fmt: skip
        run(kubectl(environment, "get", "namespaces", "--request-timeout=20s"))

    def step(what: str, do: Callable[[], object]) -> None:
        began = time.monotonic()
        console.print(f"{what} ...", highlight=False)
        do()
        console.print(f"{what}: done in {time.monotonic() - began:.0f} s", highlight=False)

    step("30-cluster: Terraform", terraform)
    known = known_of(environment)
    zones = {f"zone-{number}": known[f"zone_{number}"] for number in range(3)}
    step("access to the API", access)
    for chart in charts():
        command = [*chart.install(known), "--kubeconfig", str(kubeconfig_of(environment))]
        step(f"chart {chart.release} {chart.version}", lambda command=command: run(command))  # type: ignore[misc]
    folder = write_kustomization(environment.name, known, images)
    step(
        f"manifests of kubernetes/overlays/{environment.name}",
        lambda: run(kubectl(environment, "apply", "--server-side", "--kustomize", str(folder))),
    )
    step("directories of the shared storage", lambda: finish(environment, jobs("directories", images), 900))
    step(
        "a pod reads in another zone what one wrote",
        lambda: finish(environment, jobs("smoke", images, zones), 900),
    )
