"""Cold starts: the handlers of all functions imported, each in a fresh interpreter, by fast and by plain clients.

The functions lie in a folder as in their archives: the catalogue as JSON, everything compiled. What differs is
``common/clients.py`` alone. A start that Lambda makes has more to it (the sandbox, the runtime, unpacking the layer),
the same for both.
"""

from __future__ import annotations

import compileall
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.frame import Contender, Counts, Meter, Pair, Setup
from scripts.build_functions import SOURCES, catalogue_files, packages
from scripts.paths import REPOSITORY

PLAIN = REPOSITORY / "benchmarks" / "plain" / "clients.py"
# Run in the fresh interpreter; its last line says what there is when the handler could take its first event.
_PROGRAM = """
import importlib, json, sys
importlib.import_module(sys.argv[1] + ".handler")
print(json.dumps(sorted(sys.modules)))
"""


def settings() -> dict[str, str]:
    """Environment variables with which every handler can be imported; no call is made."""
    task = "arn:aws:datasync:ap-south-1:111122223333:task/task-0a1b2c3d4e5f60718"
    transfer = {"directory": "published", "every_minutes": 30, "report_prefix": "reports", "lake_prefix": ""}
    hours = {"weekdays": ["mon"], "begin": "08:00", "end": "20:00", "timezone": "Asia/Kolkata"}
    topics = {
        f"{name}_TOPIC_ARN": f"arn:aws:sns:ap-south-1:111122223333:{name}" for name in ("TRANSFER", "DATA", "PLATFORM")
    }
    return topics | {
        "ACCOUNT_ID": "111122223333",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "ap-south-1",
        "AWS_REGION": "ap-south-1",
        "BATCH_ROLE_ARN": "arn:aws:iam::111122223333:role/batch",
        "DIRECTORY": "scratch",
        "ENVIRONMENT": "bench",
        "HOLIDAYS": "[]",
        "LAKE_BUCKET": "lake",
        "LIMIT": "1",  # of a function that make new-function wrote
        "MOUNT_PATH": "/mnt/storage",
        "OBJECT_TAGGER_ARN": "arn:aws:lambda:ap-south-1:111122223333:function:object-tagger",
        "POWERTOOLS_METRICS_NAMESPACE": "Kosha",
        "POWERTOOLS_SERVICE_NAME": "bench",
        "REPORTS_BUCKET": "reports",
        "SCHEDULES": json.dumps({"testing": hours}),
        "SNAPSHOT_RETENTION_DAYS": "90",
        "TAG_BACKFILL_ARN": "arn:aws:lambda:ap-south-1:111122223333:function:tag-backfill",
        "TRANSFERS": json.dumps({"transfer": transfer | {"task_arn": task}}),
    }


@contextmanager
def set_up(size: int) -> Iterator[Setup]:  # noqa: ARG001 - the shape of every set-up
    """The functions with the fast and with the plain clients, in two folders."""
    with TemporaryDirectory(prefix="kosha-cold-start-") as folder:
        for kind in ("fast", "plain"):
            target = Path(folder) / kind
            shutil.copytree(SOURCES, target, ignore=shutil.ignore_patterns("__pycache__"))
            for name, content in catalogue_files().items():
                (target / name).parent.mkdir(exist_ok=True)
                (target / name).write_bytes(content)
            if kind == "plain":
                clients = target / "common" / "clients.py"
                clients.rename(clients.with_name("needed.py"))
                shutil.copy(PLAIN, clients)
            compileall.compile_dir(target, quiet=1)
        yield {"folder": folder}


def _start(kind: str, setup: Setup, size: int, meter: Meter) -> Counts:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{setup['folder']}/{kind}"} | settings()
    names = packages()
    modules = 0
    for number in range(size):
        with meter:
            done = subprocess.run(
                [sys.executable, "-c", _PROGRAM, names[number % len(names)]],
                env=environment,
                cwd=setup["folder"],
                stdout=subprocess.PIPE,
                check=True,
            )
        modules += len(json.loads(done.stdout))
    return {"modules of a function": modules / size}


def plain(setup: Setup, size: int, meter: Meter) -> Counts:
    """boto3, every client at the start."""
    return _start("plain", setup, size, meter)


def fast(setup: Setup, size: int, meter: Meter) -> Counts:
    """botocore, the clients every call needs."""
    return _start("fast", setup, size, meter)


PAIR = Pair(
    unit="start of a function",
    contenders={"boto3, all clients": Contender(plain), "botocore, those needed": Contender(fast)},
    size=len(packages()),
    set_up=set_up,
)
