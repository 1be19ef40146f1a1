"""What a pair is, and how one of its contenders is measured.

A pair is a module of ``benchmarks/pairs`` with a :class:`Pair` named ``PAIR``: two or more contenders that come to the
same result. A contender is a function of the module, so that a process of its own can be started for each run::

    def ours(setup: Setup, size: int, meter: Meter) -> Counts:
        client = make_client(setup["address"])   # not counted
        with meter:
            done = client.tag(size)              # counted: CPU of this process and its children, wall time
        return {"calls": done.calls}             # exact counts, printed beside the times

A contender that never enters ``meter`` is measured whole, from the start of the interpreter (cold starts).
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from math import log
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import fmean, median
from typing import Any, Literal, Self

from scripts.paths import REPOSITORY
from scripts.talk import UserError

PAIRS = "benchmarks.pairs"
type Setup = Mapping[str, Any]
type Counts = Mapping[str, float]


@dataclass
class Meter:
    """Measures what runs inside it: CPU seconds (user and system, children that ended included) and wall seconds.
    ``peak`` are the bytes of memory where they are another program's."""

    cpu: float = 0.0
    wall: float = 0.0
    peak: int = 0
    entered: bool = False

    def __enter__(self) -> Self:
        self.entered = True
        self._cpu, self._wall = cpu_seconds(), time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu += cpu_seconds() - self._cpu
        self.wall += time.monotonic() - self._wall


def cpu_seconds() -> float:
    """Of this process and its children that ended, since they began."""
    return sum(usage.ru_utime + usage.ru_stime for usage in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def peak_bytes() -> int:
    """The largest resident set of this program. That of getrusage would begin with the size of who started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * 1024


@contextmanager
def nothing_to_set_up(size: int) -> Iterator[Setup]:  # noqa: ARG001 - the shape of every set-up
    """For pairs that need no server and no files."""
    yield {}


@dataclass(frozen=True)
class Contender:
    """One way of doing it. ``size`` is how many units a round takes, where another number than that of the pair
    (medians are of one unit); ``sweep`` are the sizes over which the growth is fitted."""

    run: Callable[[Setup, int, Meter], Counts]
    size: int | None = None
    sweep: tuple[int, ...] = ()


@dataclass(frozen=True)
class Pair:
    """Contenders in the order they run in each round; ratios are the first one's cost over that of each other.

    ``promises`` are the least ratios by the contender's name. ``measure`` is what ratios are of. ``set_up(size)`` makes
    what a round needs (a server, a tree) and removes it; what it yields goes to the contenders as JSON.
    ``size`` and sweeps are divided by ten with ``--quick``.
    """

    unit: str
    contenders: Mapping[str, Contender]
    size: int
    measure: Literal["cpu", "wall"] = "cpu"
    promises: Mapping[str, float] = field(default_factory=dict)
    set_up: Callable[[int], AbstractContextManager[Setup]] = nothing_to_set_up

    @property
    def baseline(self) -> str:
        """The name of the first contender."""
        return next(iter(self.contenders))


@dataclass(frozen=True)
class Cost:
    """Of one run. ``peak_bytes`` is the largest resident set of the program that did the work."""

    size: int
    cpu: float
    wall: float
    peak_bytes: int
    counts: Counts

    def per_unit(self, measure: str) -> float:
        """Seconds for one unit."""
        return float(getattr(self, measure)) / self.size


def find_pairs() -> dict[str, Pair]:
    """Every pair, by the name of its module.

    Raises:
        UserError: a module of the folder has no ``PAIR``.
    """
    package = importlib.import_module(PAIRS)
    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        pair = getattr(importlib.import_module(f"{PAIRS}.{module.name}"), "PAIR", None)
        if not isinstance(pair, Pair):
            raise UserError(f"benchmarks/pairs/{module.name}.py has no PAIR: see benchmarks/frame.py")
        found[module.name] = pair
    return found


def measure(name: str, pair: Pair, contender: str, size: int, processor: int | None = None) -> Cost:
    """Run a contender once, in a process of its own, on one ``processor`` where that is given.

    Raises:
        UserError: it failed; what it wrote is in the message.
    """
    with pair.set_up(size) as setup:
        began = time.monotonic()
        pin = ["taskset", "--cpu-list", str(processor)] if processor is not None else []
        done = subprocess.run(
            [*pin, sys.executable, "-m", "benchmarks.frame", name, contender, str(size), json.dumps(dict(setup))],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        wall = time.monotonic() - began
    if done.returncode:
        raise UserError(f"{name}, {contender}, size {size} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    said = json.loads(done.stdout.splitlines()[-1])
    return Cost(**said | {"wall": said["wall"] if said["wall"] is not None else wall})


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """The slope of log(seconds) over log(size), by least squares: 1 is linear, 2 quadratic."""
    xs, ys = [log(size) for size in sizes], [log(max(each, 1e-9)) for each in seconds]
    x_mean, y_mean = fmean(xs), fmean(ys)
    return sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / sum((x - x_mean) ** 2 for x in xs)


def ratios(pair: Pair, rounds: Mapping[str, list[Cost]]) -> dict[str, list[float]]:
    """Contender -> how many times less than the first it took, round by round."""
    return {
        name: [
            theirs.per_unit(pair.measure) / max(ours.per_unit(pair.measure), 1e-12)
            for theirs, ours in zip(rounds[pair.baseline], rounds[name], strict=True)
        ]
        for name in pair.contenders
        if name != pair.baseline
    }


def median_cost(costs: list[Cost], what: str) -> float:
    """The median of seconds for one unit."""
    return median(each.per_unit(what) for each in costs)


def _run_here(arguments: list[str]) -> None:
    name, contender, size, setup = arguments
    pair: Pair = importlib.import_module(f"{PAIRS}.{name}").PAIR
    meter = Meter()
    counts = pair.contenders[contender].run(json.loads(setup), int(size), meter)
    cpu, peak = meter.cpu if meter.entered else cpu_seconds(), meter.peak or peak_bytes()
    cost = Cost(int(size), cpu, meter.wall, peak, counts)
    print(json.dumps(asdict(cost) | ({} if meter.entered else {"wall": None})))


if __name__ == "__main__":
    # Under its own name, so that pairs and this program hold the same classes.
    importlib.import_module("benchmarks.frame")._run_here(sys.argv[1:])
