"""The cluster above Terraform.

    python -m scripts.cluster up --env dev --registry HOST --tag TAG       bring it up, or up to date
    python -m scripts.cluster render --env dev --registry HOST --tag TAG   write the manifests, print where
    python -m scripts.cluster launch --env dev --registry HOST --tag TAG --samples SHEET [--run ID]
    python -m scripts.cluster keys                                         list anew which values the charts know

HOST is the registry with the images of ``make images``. SHEET is a sample sheet as pods see it,
``/shared-storage/active/...``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import PurePosixPath

import yaml

from scripts.cluster.charts import charts, paths
from scripts.cluster.manifests import Images, driver, write_kustomization
from scripts.cluster.up import check_programs, known_of, kubeconfig_of, kubectl, run, up
from scripts.infrastructure.environments import load_environment
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


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.cluster", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("keys")
    for name in ("up", "render", "launch"):
        command = commands.add_parser(name)
        command.add_argument("--env", required=True)
        command.add_argument("--registry", required=True)
        command.add_argument("--tag", required=True)
        if name == "launch":
            command.add_argument("--samples", required=True)
            command.add_argument("--run", default="")
    arguments = parser.parse_args()
    if arguments.command == "keys":
        write_keys()
        return 0
    if lacking := [f"{name.upper()}=" for name in ("registry", "tag") if not getattr(arguments, name)]:
        raise UserError(f"which images? {' and '.join(lacking)} missing; make images builds them")
    environment = load_environment(arguments.env)
    images = Images(arguments.registry.rstrip("/"), arguments.tag)
    console = make_console()
    if arguments.command == "up":
        up(environment, images, console)
    elif arguments.command == "render":
        print(write_kustomization(environment.name, known_of(environment), images))
    else:
        check_programs()
        run_id = arguments.run or PurePosixPath(arguments.samples).stem.lower()
        job = driver(run_id, arguments.samples, images)
        if not kubeconfig_of(environment).is_file():
            raise UserError(f"this machine has no access to the cluster yet: make cluster-up ENV={environment.name}")
        run(kubectl(environment, "create", "--filename", "-"), json.dumps(job))
        console.print(
            f"run {run_id} is started; follow it: kubectl --kubeconfig {kubeconfig_of(environment)} "
            f"--namespace research logs --follow job/{job['metadata']['name']}",
            highlight=False,
            soft_wrap=True,
        )
    return 0


if __name__ == "__main__":
    run_program(main)
