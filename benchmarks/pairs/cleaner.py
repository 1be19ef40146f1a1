"""The scratch cleaner on a slow file system: many steps at once, one at a time, and a loop over ``os.walk``.

Each ends with the same files gone. The loop is what such functions commonly do: it looks at a file's age and deletes
it. The cleaner looks for leases, moves a file aside, looks again, and deletes then (``UNDO_DAYS=0``; by default that
comes a week later). Files lie in folders of a hundred. The last contender has no latency and stops seven times, as
Lambda makes it; what it looks at twice shows in ``reads`` of each file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.frame import Contender, Counts, Meter, Pair, Setup, cpu_seconds, peak_bytes
from benchmarks.latency import READ_MS, WRITE_MS, Latency, environment
from scripts.paths import REPOSITORY

SLICES = 8
FOLDER_FILES = 100
# A file's time of change cannot be set: the cleaners' clocks show a later day.
LATER = timedelta(days=40)


@contextmanager
def set_up(size: int) -> Iterator[Setup]:
    """``size`` files, in memory where there is such a place: it is the latency that counts."""
    memory = Path("/dev/shm")  # noqa: S108
    with TemporaryDirectory(prefix="kosha-cleaner-", dir=memory if memory.is_dir() else None) as folder:
        for first in range(0, size, FOLDER_FILES):
            below = f"{folder}/run-{first // 10_000:04d}/{first:08d}"
            os.makedirs(below)  # noqa: PTH103 - a million times
            for number in range(first, min(first + FOLDER_FILES, size)):
                os.close(os.open(f"{below}/part-{number:08d}.tmp", os.O_CREAT | os.O_WRONLY))
        yield {"folder": folder}


def _apart(what: str, setup: Setup, size: int, meter: Meter, slow: bool = True) -> Counts:
    """Run a cleaner in a program of its own, whose file operations wait; its costs go to ``meter``."""
    latency = [str(READ_MS), str(WRITE_MS)] if slow else ["0", "0"]
    done = subprocess.run(
        [sys.executable, "-m", __name__, what, setup["folder"], str(size), *latency],
        cwd=REPOSITORY,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    left = [name for _, _, names in os.walk(setup["folder"]) for name in names]
    assert not left, f"{what} left {len(left)} of {size} files"
    meter.entered, meter.cpu, meter.wall, meter.peak = True, said["cpu"], said["wall"], said["peak"]
    counts = {name: round(said[name] / size, 3) for name in ("reads", "writes", "looked_at")}
    return counts | {"slices": said["slices"]}


def walk(setup: Setup, size: int, meter: Meter) -> Counts:
    """``os.walk``, ``os.stat``, ``os.remove``."""
    return _apart("walk", setup, size, meter)


def plain(setup: Setup, size: int, meter: Meter) -> Counts:
    """The cleaner with ``tree.Tree``."""
    return _apart("Tree", setup, size, meter)


def fast(setup: Setup, size: int, meter: Meter) -> Counts:
    """The cleaner with ``fast_tree.FastTree``."""
    return _apart("FastTree", setup, size, meter)


def sliced(setup: Setup, size: int, meter: Meter) -> Counts:
    """The same without latency, in slices."""
    return _apart("FastTree", setup, size, meter, slow=False)


def _clean_by_walk(folder: str) -> dict[str, int]:
    cutoff = (datetime.now(UTC) + LATER - timedelta(days=7)).timestamp()
    looked_at = 0
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            looked_at += 1
            path = f"{place}/{name}"
            if os.stat(path).st_mtime < cutoff:  # noqa: PTH116
                os.remove(path)  # noqa: PTH107
        if place != folder and not os.listdir(place):  # noqa: PTH208
            os.rmdir(place)  # noqa: PTH106
    return {"looked_at": looked_at, "slices": 1}


class _Memory:
    """S3 for what the cleaner remembers and reports."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.etag: str | None = None

    def read(self, _name: str) -> Any:
        from common.state import Remembered

        return Remembered(self.state, self.etag)

    def write(self, _name: str, document: dict[str, Any], _etag: str | None) -> str:
        self.state, self.etag = json.loads(json.dumps(document)), "etag"
        return self.etag

    def put_object(self, **_: Any) -> None:
        """A report."""

    def publish(self, *_: Any) -> bool:
        """A notice."""
        return True


def _clean(kind: str, folder: str, entries: int, slices: int) -> dict[str, int]:
    from aws_lambda_powertools import Logger, Metrics

    from common import catalogue
    from common.clock import Clock
    from common.reports import ReportStore
    from common.runs import Runs
    from scratch_cleaner.cleaner import Cleaner
    from scratch_cleaner.config import Config
    from scratch_cleaner.domain import Rules
    from scratch_cleaner.fast_tree import FastTree
    from scratch_cleaner.tree import Tree

    layout, memory = catalogue.read_document("shared-storage"), _Memory()
    cleaner = Cleaner(
        config=Config("bench", "scratch", folder, "lake", "reports", "topic", timedelta(0), False),
        rules=Rules.from_documents(layout, catalogue.read_document("data-classes"), "scratch", needs_replica=False),
        catalogue=catalogue.load(),
        tree={"Tree": Tree, "FastTree": FastTree}[kind](folder, layout["leases"], layout["undo"]),
        copies=memory,  # type: ignore[arg-type]
        runs=Runs(memory),
        reports=ReportStore(memory, "reports", "scratch_cleaner"),  # type: ignore[arg-type]
        publisher=memory,  # type: ignore[arg-type]
        logger=Logger(service="bench", level="ERROR"),
        metrics=Metrics(namespace="Bench", service="bench"),
    )
    looks_left = [0]

    def remaining() -> float:
        """Lambda's time: over after so many looks at it, one for each entry."""
        looks_left[0] -= 1
        return 900.0 if slices == 1 or looks_left[0] > 0 else 0.0

    clock = Clock(lambda: datetime.now(UTC) + LATER, remaining, time.sleep)
    mode, done = "clean", 0
    while True:
        looks_left[0] = entries // slices + 2
        reply = cleaner.run(mode, clock)
        mode, done = "continue", done + 1
        if reply["outcome"] == "finished":
            return {"looked_at": reply["result"]["looked_at"], "slices": done}
        assert reply["outcome"] == "under_way", reply


def _main(what: str, folder: str, size: str, read_ms: str, write_ms: str) -> None:
    slow = float(read_ms) > 0
    latency = Latency()
    cpu, began = cpu_seconds(), time.monotonic()
    latency.begin(float(read_ms), float(write_ms))
    found = _clean_by_walk(folder) if what == "walk" else _clean(what, folder, int(size), 1 if slow else SLICES)
    reads, writes = latency.end()
    costs = {"cpu": cpu_seconds() - cpu, "wall": time.monotonic() - began, "reads": reads, "writes": writes}
    print(json.dumps(found | costs | {"peak": peak_bytes()}))


PAIR = Pair(
    unit="file",
    contenders={
        "os.walk": Contender(walk),
        "one step at a time": Contender(plain),
        "many at once": Contender(fast, size=20_000),
        "many at once, no latency, in slices": Contender(
            sliced, size=20_000, sweep=(1_000, 10_000, 100_000, 1_000_000)
        ),
    },
    size=500,
    measure="wall",
    set_up=set_up,
)

if __name__ == "__main__":
    _main(*sys.argv[1:])
