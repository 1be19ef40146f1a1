"""Command line of the drill (``make drill``): ``python -m scripts.drill [--seed N] [--seeds N] [--stage pilot_light]``.

Starts from an empty local cloud, so that it can be stopped at any point and run again. All seeds run on one platform,
each from where the way back of the last one left it. Exit code 1 names each promise that was not kept.
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
from scripts.infrastructure.environments import ROOTS, load_environment
from scripts.infrastructure.terraform import find_terraform
from scripts.localcloud import LocalCloud, local_cloud
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
    arguments = parser.parse_args()
    find_terraform()
    cloud = local_cloud()
    with cloud.expected_to_answer():
        cloud.command("reset")
        site = prepare(cloud, arguments.stage)
        drills = []
        last = arguments.seed + arguments.seeds - 1
        for seed in range(arguments.seed, last + 1):
            started = time.monotonic()
            drills.append(run(site, busy_day(seed), planned=ROOTS if seed == last else APPLIED))
            console.print(f"seed {seed}: {human_duration(time.monotonic() - started)}", highlight=False)
            write_page(PAGE, drills)
    return report(drills)


def prepare(cloud: LocalCloud, stage: str) -> Site:
    """Apply every root, with the standby platform in ``stage``, and make the volumes people work on."""
    environment = load_environment("local")
    commands.apply(environment, None)
    commands.apply(environment, "90-recovery", stage=stage)
    site = Site(cloud, Standby(environment), stage)
    zone = site.standby.handoff("10-foundation")["zones"][0]
    for _ in range(VOLUMES):
        site.make_volume(zone)
    return site


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
