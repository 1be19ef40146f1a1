"""Command line: start, stop and look at the local cloud (``make up``, ``down``, ``reset``, ``status``)."""

from __future__ import annotations

import argparse

from scripts.handoff import published_roots
from scripts.infrastructure.environments import RECOVERY, ROOTS, load_environment
from scripts.localcloud import local_cloud
from scripts.talk import make_console, run_program

console = make_console()


def show_status() -> int:
    """Print the local cloud's state; exit code 1 if it does not run."""
    cloud = local_cloud()
    status = cloud.status()
    if not status:
        console.print(f"no local cloud runs on {cloud.endpoint} (start it with: make up)", highlight=False)
        return 1
    environment = load_environment("local")
    applied = published_roots(environment) | published_roots(environment, RECOVERY)
    console.print(f"local cloud on {cloud.endpoint}, working directory {status['directory']}", highlight=False)
    console.print(f"platform time {status['clock']['now']}", highlight=False)
    console.print(f"applied: {', '.join(root for root in ROOTS if root in applied) or 'nothing'}", highlight=False)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="cloud", description=__doc__)
    parser.add_argument("command", choices=["start", "down", "reset", "status"])
    command = parser.parse_args().command
    if command == "status":
        return show_status()
    local_cloud().command("stop" if command == "down" else command)
    return 0


if __name__ == "__main__":
    run_program(main)
