"""Command line: ``python -m scripts.infrastructure bootstrap|plan|apply|destroy --env NAME [--root ROOT]``."""

from __future__ import annotations

import argparse
from pathlib import Path

from scripts.infrastructure import commands
from scripts.infrastructure.bootstrap import bootstrap
from scripts.infrastructure.environments import load_environment
from scripts.talk import run_program


def main() -> int:
    parser = argparse.ArgumentParser(prog="infrastructure", description=__doc__)
    subparsers = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("plan", "show what would change and save the plan"),
        ("apply", "plan and apply (in prod: apply the saved plan)"),
        ("destroy", "destroy in reverse order"),
    ):
        subparser = subparsers.add_parser(name, help=text)
        subparser.add_argument("--env", default="local", help="environment: local, dev or prod")
        subparser.add_argument("--root", default="", help="one root by name, number or word; default: all")
        if name != "destroy":
            subparser.add_argument("--stage", default="", help="how much of 90-recovery: cold, pilot_light or active")
        if name == "plan":
            subparser.add_argument("--detailed-exitcode", action="store_true", help="exit with 2 if there are changes")
            subparser.add_argument("--json", type=Path, metavar="FOLDER", help="also write each plan as JSON")
        if name == "destroy":
            subparser.add_argument("--confirm", default="", help="the prefix of the environment, e.g. kosha-dev")
    subparser = subparsers.add_parser("bootstrap", help="make the bucket of the states, once for an account")
    subparser.add_argument("--env", default="local", help="environment: local, dev or prod")
    arguments = parser.parse_args()
    environment = load_environment(arguments.env)
    if arguments.command == "bootstrap":
        return bootstrap(environment)
    root = arguments.root or None
    match arguments.command:
        case "plan":
            return commands.plan(
                environment, root, arguments.detailed_exitcode, arguments.json, arguments.stage or None
            )
        case "apply":
            return commands.apply(environment, root, arguments.stage or None)
        case _:
            return commands.destroy(environment, root, arguments.confirm or None)


if __name__ == "__main__":
    run_program(main)
