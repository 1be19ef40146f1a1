"""Command line of the drill (``make drill``): ``python -m scripts.drill [--seed N] [--seeds N] [--stage S] [--keep]``.

Starts from an empty local cloud, so that it can be stopped at any point and run again; with ``--keep`` from what the
last drill left. All seeds run on one platform, each from where the way back of the last one left it. Exit code 1 names
each promise that was not kept.
"""

from __future__ import annotations

import argparse
import time
from datetime import timedelta
from pathlib import Path

from rich.table import Table

from scripts.demo.page import human_duration
from scripts.drill.account import AccountSite
from scripts.drill.day import VOLUMES, busy_day
from scripts.drill.local import LocalSite
from scripts.drill.page import write_page
from scripts.drill.run import APPLIED, Drill, run
from scripts.drill.site import DIRECTORIES, Site
from scripts.infrastructure import commands
from scripts.infrastructure.environments import RECOVERY, ROOTS, Environment, load_environment
from scripts.infrastructure.terraform import find_terraform
from scripts.localcloud import local_cloud
from scripts.paths import BUILD
from scripts.recovery.standby import Standby
from scripts.talk import EXIT_FAILURE, UserError, make_console, run_program

PAGE = BUILD / "drill" / "index.html"
console = make_console()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="drill", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--stage", default="pilot_light", choices=["cold", "pilot_light"], help="of 90-recovery")
    parser.add_argument("--keep", action="store_true", help="go on with the platform that the last drill left")
    parser.add_argument("--loss", default="stop", choices=["stop", "deny"], help="stop the region, or refuse it")
    parser.add_argument("--env", default="local", help="an environment in an account takes the next four, too")
    parser.add_argument("--storage", type=Path, help="where its shared storage is mounted")
    parser.add_argument("--recovery-storage", type=Path, help="where the replica of its shared storage is mounted")
    parser.add_argument("--hours", type=float, default=2.0, help="how long the busy day may last")
    parser.add_argument("--confirm", default="", help="the prefix of the environment, e.g. kosha-dev")
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error(f"--seeds is {arguments.seeds}: give 1 or more")
    find_terraform()
    environment = load_environment(arguments.env)
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    if not environment.is_local:
        return drill(account_site(environment, arguments), seeds)
    cloud = local_cloud()
    with cloud.expected_to_answer():
        site = LocalSite(Standby(environment), arguments.stage, cloud=cloud, loss=arguments.loss)
        if arguments.keep:
            site.find_volumes()
        else:
            cloud.command("reset")
            commands.apply(environment, None)
            commands.apply(environment, RECOVERY, stage=site.stage)
            make_volumes(site)
        return drill(site, seeds)


def drill(site: Site, seeds: range) -> int:
    """Drill each seed, and write the page after each; returns the exit code."""
    drills = []
    for seed in seeds:
        started = time.monotonic()
        drills.append(run(site, busy_day(seed), planned=ROOTS if seed == seeds[-1] else APPLIED))
        console.print(f"seed {seed}: {human_duration(time.monotonic() - started)}", highlight=False)
        write_page(PAGE, drills)
    return report(drills)


def account_site(environment: Environment, arguments: argparse.Namespace) -> AccountSite:
    """The platform in an account. Raises :class:`UserError` if it is not said that it may be drilled, or from where."""
    if arguments.confirm != environment.prefix:
        raise UserError(
            f"a drill refuses {environment.region} to every role of {environment.prefix} for hours, and goes over and "
            f"back. Read docs/recovery.md and say so: make drill ENV={environment.name} CONFIRM={environment.prefix}"
        )
    storages = {"STORAGE": arguments.storage, "RECOVERY_STORAGE": arguments.recovery_storage}
    for name, path in storages.items():
        if path is None or not (path / DIRECTORIES["lake"]).is_dir():
            raise UserError(
                f"{name} is {path}: give the path at which this host has mounted the access point of all directories "
                "(workspace_arn), of the shared storage and of its replica"
            )
    site = AccountSite(
        Standby(environment),
        arguments.stage,
        mounted=arguments.storage,
        mounted_replica=arguments.recovery_storage,
        length=timedelta(hours=arguments.hours),
    )
    site.find_volumes()
    if not site.volumes:
        make_volumes(site)
    return site


def make_volumes(site: Site) -> None:
    """Make the volumes people work on."""
    zone = site.standby.handoff("10-foundation")["zones"][0]
    for _ in range(VOLUMES):
        site.make_volume(zone)


def report(drills: list[Drill]) -> int:
    """Print what each drill lost; returns the exit code."""
    table = Table(title="What was lost, and how long it took", title_justify="left")
    for column in ("seed", "target", "writes", "lost", "RPO", "RTO"):
        table.add_column(column, justify="left" if column == "target" else "right")
    for drill in drills:
        for each in drill.outcomes:
            table.add_row(
                str(drill.day.seed),
                each.target,
                str(each.writes),
                str(len(each.lost)),
                human_duration(each.rpo.total_seconds()),
                human_duration(each.rto.total_seconds()),
            )
    console.print(table)
    problems = [f"seed {drill.day.seed}: {problem}" for drill in drills for problem in drill.problems]
    for problem in problems:
        console.print(f"[red]{problem}[/]", highlight=False)
    if not problems:
        console.print(f"[bold green]Every promise was kept[/] in {len(drills)} drills", highlight=False)
    console.print(f"Page: {PAGE}", highlight=False)
    return EXIT_FAILURE if problems else 0


if __name__ == "__main__":
    run_program(main)
