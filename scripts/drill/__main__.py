"""Command line of the drill (``make drill``): ``python -m scripts.drill [--seed N] [--seeds N] [--stage S] [--keep]``.

Starts from an empty local cloud, so that it can be stopped at any point and run again; with ``--keep`` from what the
last drill left. All seeds run on one platform, each from where the way back of the last one left it. Exit code 1 names
each promise that was not kept.
"""

from __future__ import annotations

import argparse
import time

from rich.table import Table

from scripts.demo.page import human_duration
from scripts.drill.day import VOLUMES, busy_day
from scripts.drill.page import write_page
from scripts.drill.run import APPLIED, Drill, run
from scripts.drill.site import Site
from scripts.infrastructure import commands
from scripts.infrastructure.environments import RECOVERY, ROOTS, load_environment
from scripts.infrastructure.terraform import find_terraform
from scripts.localcloud import local_cloud
from scripts.paths import BUILD
from scripts.recovery.standby import Standby
from scripts.talk import EXIT_FAILURE, make_console, run_program

PAGE = BUILD / "drill" / "index.html"
console = make_console()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="drill", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--stage", default="pilot_light", choices=["cold", "pilot_light"], help="of 90-recovery")
    parser.add_argument("--keep", action="store_true", help="go on with the platform that the last drill left")
    arguments = parser.parse_args()
    find_terraform()
    cloud = local_cloud()
    with cloud.expected_to_answer():
        site = Site(cloud, Standby(load_environment("local")), arguments.stage)
        if arguments.keep:
            site.find_volumes()
        else:
            cloud.command("reset")
            prepare(site)
        drills = []
        last = arguments.seed + arguments.seeds - 1
        for seed in range(arguments.seed, last + 1):
            started = time.monotonic()
            drills.append(run(site, busy_day(seed), planned=ROOTS if seed == last else APPLIED))
            console.print(f"seed {seed}: {human_duration(time.monotonic() - started)}", highlight=False)
            write_page(PAGE, drills)
    return report(drills)


def prepare(site: Site) -> None:
    """Apply every root, with the standby platform in its stage, and make the volumes people work on."""
    environment = site.standby.environment
    commands.apply(environment, None)
    commands.apply(environment, RECOVERY, stage=site.stage)
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
