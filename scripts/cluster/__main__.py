"""The cluster above Terraform.

    python -m scripts.cluster push --env dev --tag TAG       bring the images of make images into the registry
    python -m scripts.cluster up --env dev --tag TAG         bring the cluster up, or up to date
    python -m scripts.cluster render --env dev --tag TAG     write the manifests, print where
    python -m scripts.cluster launch --env dev --tag TAG --samples SHEET [--run ID]
    python -m scripts.cluster ingest --env dev --tag TAG --source ena --project P --site S ACCESSION...
    python -m scripts.cluster keys                           list anew which values the charts know

SHEET is a sample sheet as pods see it, ``/shared-storage/active/...``. With ``--registry`` the images come from another
registry than that of the environment.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import PurePosixPath
from typing import Any

import yaml
from rich.console import Console

from pipelines.sequencing.run import name_of_run
from scripts.cluster.charts import charts, paths
from scripts.cluster.manifests import Images, driver, ingestion, write_kustomization
from scripts.cluster.push import push
from scripts.cluster.up import check_programs, known_of, kubeconfig_of, kubectl, run, up
from scripts.handoff import read_handoff
from scripts.infrastructure.environments import Environment, load_environment
from scripts.talk import UserError, make_console, run_program


def write_keys() -> None:
    """Ask Helm for the values of each chart and write their names; comments and defaults stay out."""
    for chart in charts():
        done = subprocess.run(
            ["helm", "show", "values", *chart.source], capture_output=True, text=True, check=False
        )  # fmt: skip
        if done.returncode:
            raise UserError(f"helm show values {chart.chart}: {done.stderr.strip()}")
        known = yaml.safe_load(done.stdout) or {}
        chart.keys_file.write_text("".join(f"{path}\n" for path in sorted(paths(known))), encoding="utf-8")


def start(environment: Environment, job: dict[str, Any], console: Console) -> None:
    """Make a Job, and say how to follow it; raises :class:`UserError` when one of its name is there."""
    check_programs()
    if not kubeconfig_of(environment).is_file():
        raise UserError(f"this machine has no access to the cluster yet: make cluster-up ENV={environment.name}")
    run(kubectl(environment, "create", "--filename", "-"), json.dumps(job))
    name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]
    console.print(
        f"{name} is started; follow it: kubectl --kubeconfig {kubeconfig_of(environment)} --namespace {namespace} "
        f"logs --follow job/{name}",
        highlight=False,
        soft_wrap=True,
    )


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.cluster", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("keys")
    for name in ("push", "up", "render", "launch", "ingest"):
        command = commands.add_parser(name)
        command.add_argument("--env", required=True)
        command.add_argument("--tag", required=True)
        if name != "push":
            command.add_argument("--registry", default="")
        if name == "launch":
            command.add_argument("--samples", required=True)
            command.add_argument("--run", default="")
        if name == "ingest":
            command.add_argument("--source", choices=("ena", "sra", "igsr"), default="ena")
            command.add_argument("--project", required=True)
            command.add_argument("--site", required=True)
            command.add_argument("--reference", default="", help="also the reference: an assembly of NCBI")
            command.add_argument("--accept-terms", action="store_true", help="of igsr: those of the collection")
            command.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    if arguments.command == "keys":
        write_keys()
        return 0
    if not arguments.tag:
        raise UserError("which images? TAG= missing; make images builds them, make push-images gives them their tag")
    environment = load_environment(arguments.env)
    console = make_console()
    if arguments.command == "push":
        push(environment, arguments.tag, console)
        return 0
    registry = arguments.registry.rstrip("/") or str(read_handoff(environment, "10-foundation")["registry"])
    images = Images(registry, arguments.tag)
    if arguments.command == "up":
        up(environment, images, console)
    elif arguments.command == "render":
        print(write_kustomization(environment.name, known_of(environment), images))
    elif arguments.command == "launch":
        run_id = arguments.run or name_of_run(PurePosixPath(arguments.samples))
        start(environment, driver(run_id, arguments.samples, images), console)
    else:
        job = ingestion(
            arguments.source,
            arguments.names,
            arguments.project,
            arguments.site,
            images,
            arguments.reference,
            accept_terms=arguments.accept_terms,
        )
        start(environment, job, console)
    return 0


if __name__ == "__main__":
    run_program(main)
