"""What a cold start takes along: by the names of modules and clients in a fresh interpreter, not by the clock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from benchmarks.pairs.cold_start import settings
from common.clients import later
from scripts.build_functions import SOURCES, packages

# Imports every handler, one after the other; says which modules that needed and which clients each made.
PROGRAM = """
import importlib, json, sys
from common import clients
made, make = [], clients.botocore.session.Session.create_client
def create_client(self, service, **other):
    made.append(service)
    return make(self, service, **other)
clients.botocore.session.Session.create_client = create_client
found = {}
for function in sys.argv[1:]:
    importlib.import_module(f"{function}.handler")
    found[function], made[:] = list(made), []
print(json.dumps({"clients": found, "modules": [name for name, module in sys.modules.items() if module is not None]}))
"""
# Heavy, and needed by no start: what boto3 takes along, awscrt's 11 MB, Powertools' classes for every event there is.
LEFT_OUT = [
    "asyncio",
    "awscrt",
    "boto3",
    "s3transfer",
    "multiprocessing",
    "aws_lambda_powertools.utilities.data_classes",
]
# What the first call of every event needs; all others are made when they are used, and of functions not named here all.
CLIENTS = {
    "instance_scheduler": ["ec2", "s3"],
    "log_alerter": ["s3"],
    "object_tagger": ["datasync", "s3"],
    "scratch_cleaner": ["s3"],
    "tag_auditor": ["s3"],
    "tag_backfill": ["s3"],
    "transfer_notifier": ["datasync", "sns"],
    "transfer_reconciler": ["datasync", "s3"],
    "transfer_starter": ["datasync", "datasync", "sns"],
    "volume_reaper": ["ec2", "ec2"],
}


@pytest.fixture(scope="module")
def started() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *packages()],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCES)} | settings(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("package", LEFT_OUT)
def test_no_function_starts_with(package: str, started: dict[str, Any]) -> None:
    assert [
        name for name in started["modules"] if name.split(".")[0] == package or name.startswith(package + ".")
    ] == []


def test_what_is_left_out_is_there_to_be_found(started: dict[str, Any]) -> None:
    assert {"botocore.client", "aws_lambda_powertools.metrics"} <= set(started["modules"])
    assert subprocess.run([sys.executable, "-c", f"import {', '.join(LEFT_OUT)}"], check=False).returncode == 0


def test_a_function_starts_with_the_clients_that_every_call_needs(started: dict[str, Any]) -> None:
    made = {function: sorted(clients) for function, clients in started["clients"].items()}
    assert made == {function: [] for function in packages()} | CLIENTS


def test_a_client_for_later_is_made_once_whoever_is_first() -> None:
    made, gate = [], threading.Barrier(8)

    def make() -> list[str]:
        made.append("client")
        return ["client"]

    client = later(make)
    assert made == []

    def use() -> None:
        gate.wait()
        assert client.index("client") == 0

    threads = [threading.Thread(target=use) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert made == ["client"]


def test_a_client_that_cannot_be_made_is_tried_again() -> None:
    tries: list[str] = []

    def make() -> str:
        tries.append("")
        if len(tries) == 1:
            raise OSError("no credentials")
        return "client"

    client = later(make)
    with pytest.raises(OSError, match="no credentials"):
        client.upper()
    assert client.upper() == "CLIENT"
