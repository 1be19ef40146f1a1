"""The commands: start, stop, status, reset, clock and faults."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from kosha_localcloud import settings
from kosha_localcloud.client import Client, NoAnswerError, RefusedError
from kosha_localcloud.instance import Instance, InstanceError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Gives the exit code: 0 done, 1 not possible, 2 wrong usage, 3 not running, 130 Ctrl-C."""
    parser = _parser()
    given = parser.parse_args(arguments)
    instance = Instance(Path(given.directory).resolve(), given.port)
    try:
        return int(given.run(instance, given))
    except (InstanceError, NoAnswerError, RefusedError) as error:
        print(f"localcloud: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("localcloud: interrupted; the next start or reset goes on from here", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kosha_localcloud", description="AWS on one machine.")
    parser.add_argument(
        "--port", type=_port, default=os.environ.get(settings.PORT) or settings.DEFAULT_PORT, help=f"or {settings.PORT}"
    )
    parser.add_argument(
        "--directory",
        default=os.environ.get(settings.DIRECTORY) or settings.DEFAULT_DIRECTORY,
        help=f"working directory; or {settings.DIRECTORY}",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in (
        ("start", _start, "start it, unless it runs"),
        ("stop", _stop, "end it and remove its files"),
        ("reset", _reset, "end it, forget everything, start it"),
        ("status", _status, "print its status as JSON; exit code 3 when it does not run"),
    ):
        commands.add_parser(name, help=text).set_defaults(run=run)
    clock = commands.add_parser("clock", help="show the time or put it forward").add_subparsers(required=True)
    clock.add_parser("show", help="print the time").set_defaults(run=_clock_show)
    advance = clock.add_parser("advance", help="put the clock forward by a time, e.g. 90s, 30m, 2h, 7d")
    advance.add_argument("by", type=_duration)
    advance.set_defaults(run=_clock_advance)
    to = clock.add_parser("to", help="put the clock forward to an ISO time")
    to.add_argument("moment")
    to.set_defaults(run=_clock_to)
    faults = commands.add_parser("faults", help="show, add or remove faults").add_subparsers(required=True)
    faults.add_parser("list", help="print the faults in force").set_defaults(run=_faults_list)
    add = faults.add_parser("add", help='add a fault, e.g. \'{"service": "s3", "kind": "throttle", "times": 2}\'')
    add.add_argument("fault", type=_json)
    add.set_defaults(run=_faults_add)
    faults.add_parser("clear", help="remove every fault").set_defaults(run=_faults_clear)
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; use 1 to 65535")
    return int(text)


def _duration(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 90s, 30m, 2h or 7d")
    return float(match.group(1)) * _UNITS[match.group(2)]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"no JSON: {error}") from error


def _print(document: object) -> int:
    print(json.dumps(document, indent=1))
    return 0


def _start(instance: Instance, _: argparse.Namespace) -> int:
    status = instance.start()
    print(f"The local cloud runs at {instance.endpoint} (instance {status['instance_id']}, log {instance.log_file}).")
    return 0


def _stop(instance: Instance, _: argparse.Namespace) -> int:
    print("The local cloud has stopped." if instance.stop() else "The local cloud was not running.")
    return 0


def _reset(instance: Instance, given: argparse.Namespace) -> int:
    instance.stop()
    return _start(instance, given)


def _status(instance: Instance, _: argparse.Namespace) -> int:
    status = instance.status()
    if status is None:
        print(f"The local cloud of {instance.directory} does not answer at {instance.endpoint}.", file=sys.stderr)
        return 3
    return _print(status)


def _clock_show(instance: Instance, _: argparse.Namespace) -> int:
    return _print(Client(instance.endpoint).get("clock"))


def _clock_advance(instance: Instance, given: argparse.Namespace) -> int:
    return _print(Client(instance.endpoint).post("clock/advance", {"seconds": given.by}))


def _clock_to(instance: Instance, given: argparse.Namespace) -> int:
    return _print(Client(instance.endpoint).post("clock/advance", {"to": given.moment}))


def _faults_list(instance: Instance, _: argparse.Namespace) -> int:
    return _print(Client(instance.endpoint).get("faults"))


def _faults_add(instance: Instance, given: argparse.Namespace) -> int:
    return _print(Client(instance.endpoint).post("faults", given.fault))


def _faults_clear(instance: Instance, _: argparse.Namespace) -> int:
    return _print(Client(instance.endpoint).delete("faults"))
