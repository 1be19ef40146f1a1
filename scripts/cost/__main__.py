"""``make cost``: the forecast, the difference of two plans, what the automations saved, what namespaces cost."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import yaml

from scripts.cost.difference import between, markdown, within
from scripts.cost.infrastructure import SAMPLE, count, read_plan
from scripts.cost.lifecycle import DATA_CLASSES
from scripts.cost.namespaces import read_split
from scripts.cost.namespaces import table_of as table_of_namespaces
from scripts.cost.objects import bucket_rules, require_no_charge, simulate
from scripts.cost.page import write_page
from scripts.cost.prices import load_prices
from scripts.cost.saved import read_savings, table_of
from scripts.cost.scenarios import Inputs, forecasts, variations
from scripts.cost.table import print_forecast
from scripts.cost.workload import load_workload
from scripts.infrastructure.environments import load_environment
from scripts.paths import BUILD, REPOSITORY
from scripts.talk import UserError, make_console, run_program

PAGE = BUILD / "cost" / "index.html"
OBJECTS = 10_000
console = make_console()


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.cost", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    forecast = commands.add_parser("forecast", help="what each scenario costs over the workload's months")
    forecast.add_argument("--plan", type=Path, help="a plan as JSON, or a folder of them (else: that of prod)")
    forecast.add_argument("--page", type=Path, default=PAGE, help="where the page goes")
    diff = commands.add_parser("diff", help="what a plan changes in the monthly bill, as Markdown")
    diff.add_argument("--before", type=Path, help="the plan as it was; without it, what AFTER itself changes")
    diff.add_argument("--after", type=Path, help="the plan as it would be")
    saved = commands.add_parser("saved", help="what the automations of an environment saved")
    saved.add_argument("--env", default="local", help="the environment (default: local)")
    namespaces = commands.add_parser("namespaces", help="what each namespace of an environment's cluster cost")
    namespaces.add_argument("--env", default="local", help="the environment (default: local)")
    namespaces.add_argument("--days", type=int, default=30, help="of the last so many days (default: 30)")
    given = parser.parse_args()
    if given.command == "namespaces":
        found = read_split(load_environment(given.env), load_prices(), given.days)
        console.print(table_of_namespaces(found, given.days))
        return 0
    if given.command == "saved":
        console.print(table_of(read_savings(load_environment(given.env), load_prices())))
        return 0
    if given.command == "diff":
        return show_difference(given.before, given.after)
    return show_forecast(given.plan or SAMPLE, given.page)


def show_difference(before: Path | None, after: Path | None) -> int:
    """Print the comment, and nothing else."""
    if after is None:
        raise UserError("there is no plan to price: make cost-diff AFTER=<plan as JSON> [BEFORE=<another>]")
    table, new = load_prices(), read_plan(after)
    changes = between(read_plan(before), new, table) if before else within(new, table)
    sys.stdout.write(markdown(changes))
    return 0


def show_forecast(plan: Path, page: Path) -> int:
    """Print the scenarios, write the page, and fail where a lifecycle rule of the plan causes a charge."""
    resources = read_plan(plan)
    inputs = Inputs(
        workload=load_workload(),
        table=load_prices(),
        classes=yaml.safe_load(DATA_CLASSES.read_text(encoding="utf-8")),
        infrastructure=count(resources),
    )
    found, varied = forecasts(inputs), variations(inputs)
    print_forecast(console, found, inputs.workload.compared_with, varied, inputs.workload.months)
    where = str(plan.relative_to(REPOSITORY)) if plan.is_relative_to(REPOSITORY) else plan.name
    rules = {bucket: mine for bucket, mine in bucket_rules(resources).items() if any(rule.moves for rule in mine)}
    prefixes = [each["prefix"] for each in inputs.classes["classes"].values()]
    simulated = simulate(rules, prefixes, OBJECTS, inputs.workload.months, seed=1)
    require_no_charge(simulated)
    console.print(
        f"objects: {OBJECTS:,} in each of {len(rules)} buckets that move what they hold;"
        f" {simulated.moves.total():,} moves, {simulated.deletions:,} deletions, none before a class was paid for",
        highlight=False,
    )
    console.print(f"page: {write_page(page, inputs, found, varied, where)}", highlight=False)
    return 0


if __name__ == "__main__":
    run_program(main)
