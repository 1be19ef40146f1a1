"""A month of genomes on the nodes of kubernetes/base (``make month``).

What steps ask for is what :mod:`pipelines.kubernetes.jobs` writes into their Jobs; how long they take was measured
(``benchmarks/steps.json``) and is scaled by the bases that were sequenced; what nodes there are and how long an empty
one stays is read from the manifests of production. Time is in seconds, sums are processor-hours: of nodes from launch
to end, of pods what they request while they work.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import simpy
import yaml

from pipelines.kubernetes.jobs import memory_request_mib, node_size, processors_requested
from pipelines.sequencing.memory import aligning_mb, calling_mb
from scripts.paths import REPOSITORY
from scripts.sizing.cluster import HOUR, Cluster, Pool, Request
from scripts.sizing.measure import Step
from scripts.sizing.table import DEFAULT_MB

PROFILE = REPOSITORY / "pipelines" / "sequencing" / "profiles" / "eks" / "config.yaml"
DAY = 24 * HOUR
DAYS = 30
GENOMES_A_DAY = (1, 10)
DEPTHS = (25.0, 40.0)
HUMAN_BASES = 3_100_000_000
MEASURED_BASES, MEASURED_DEPTH = 4_938_920, 30.0
"""E. coli 536, at the depth whose measurements are scaled."""
SORTING_MB = 256
"""As config.yaml has it."""
ALONE = {"align": 0.05, "call_variants": 0.02}
"""Of a step's work, what is done by one processor while the others wait: writing the CRAM, joining the pieces. (Of the
stages of E. coli's alignment on their own: 3 of 64 s.)"""
DRIVER_SEES = 10.0
"""Until a driver knows of a step's end (profiles/eks, seconds-between-status-checks)."""
DRIVER = Request(processors=0.25, memory_mib=1024, seconds=0)
"""What kubernetes/jobs/driver.yaml asks for."""
SYSTEM_DRIVERS = 4
"""For which the two system nodes (modules/cluster) have room beside add-ons and Karpenter."""
READY_WITHIN = 24 * HOUR
"""What the smaller of the clusters compared with holds."""

AFTER: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "classic": {
        "check": (),
        "fastqc-raw": ("check",),
        "trim": ("check",),
        "check_trimmed": ("trim",),
        "fastqc-trimmed": ("check_trimmed",),
        "align": ("check_trimmed",),
        "mark_duplicates": ("align",),
        "validate": ("mark_duplicates",),
        "alignment_summary": ("mark_duplicates",),
        "samtools_metrics": ("mark_duplicates",),
        "call_variants": ("mark_duplicates",),
        "publish": ("summarise",),
        "summarise": (
            "fastqc-raw", "fastqc-trimmed", "validate", "alignment_summary", "samtools_metrics", "call_variants",
        ),
    },
    "fast": {
        "check": (),
        "align": ("check",),
        "samtools_metrics": ("align",),
        "call_variants": ("align",),
        "summarise": ("samtools_metrics", "call_variants"),
        "publish": ("summarise",),
    },
}  # fmt: skip
"""Of each step, those it waits for (pipelines/sequencing/workflow/rules)."""
UNMEASURED = {"check_trimmed": 10.0, "summarise": 20.0}
"""Seconds of steps that take no longer with a larger genome."""


@dataclass(frozen=True)
class Task:
    """A step of a human genome at depth 30; ``work`` is in processor-seconds."""

    name: str
    threads: int
    memory_mib: int
    work: float
    after: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """As long as it works on the processors it asks for."""
        alone = ALONE.get(self.name, 0.0)
        return self.work * ((1 - alone) / processors_requested(self.threads) + alone)


@dataclass(frozen=True)
class Genome:
    """One that comes in, and its depth."""

    arrives: float
    depth: float


@dataclass(frozen=True)
class Month:
    """What came of it: the nodes of the steps, how long each genome took, the processor-hours of drivers' own nodes."""

    cluster: Cluster
    took: tuple[float, ...]
    driver_hours: float

    @property
    def lower_bound(self) -> float:
        """Processor-hours of nodes of the best size, filled by these pods to the brim and ended with the last."""
        return self.cluster.pod_hours / self.cluster.pool.best_share

    @property
    def ratio(self) -> float:
        """Node-hours to the lower bound."""
        return self.cluster.node_hours() / self.lower_bound


def read_set_threads(profile: Path = PROFILE) -> dict[str, int]:
    """Rule -> threads on the cluster, where they are others than the rule's own."""
    pairs = yaml.safe_load(profile.read_text(encoding="utf-8"))["set-threads"]
    return {name: int(threads) for name, threads in (pair.split("=") for pair in pairs)}


def tasks(measured: Sequence[Step], toolchain: str, set_threads: Mapping[str, int]) -> list[Task]:
    """The steps of a sample; raises KeyError where what is measured is not what :data:`AFTER` knows."""
    scale = HUMAN_BASES / MEASURED_BASES
    own = {
        step.step.removesuffix("-bwa"): step
        for step in measured
        if (step.toolchain, step.depth) == (toolchain, MEASURED_DEPTH)
    }
    found = []
    for name, after in AFTER[toolchain].items():
        if name in UNMEASURED:
            found.append(Task(name, 1, memory_request_mib(DEFAULT_MB), UNMEASURED[name], after))
            continue
        step = own.pop(name)
        threads = set_threads.get(name.split("-")[0], step.threads)
        human = {"align": aligning_mb(HUMAN_BASES, SORTING_MB), "call_variants": calling_mb(HUMAN_BASES, threads)}
        memory = human.get(name, step.asked_mib or DEFAULT_MB)
        work = step.seconds * step.threads * scale
        found.append(Task(name, threads, memory_request_mib(memory), work, after))
    if own:
        raise KeyError(f"of these steps the replay does not know the place: {', '.join(own)}")
    return found


def genomes(seed: int) -> list[Genome]:
    """1 to 10 a day, each at any hour: the hardest, for genomes that come together share nodes better."""
    chance = random.Random(seed)  # noqa: S311 -- a replay, no secret
    return [
        Genome(day * DAY + chance.uniform(0, DAY), chance.uniform(*DEPTHS))
        for day in range(DAYS)
        for _ in range(chance.randint(*GENOMES_A_DAY))
    ]


def replay(
    coming: Sequence[Genome],
    steps: Sequence[Task],
    pool: Pool,
    drivers: Pool,
    *,
    own_nodes: bool = True,
    always: Sequence[int] = (),
) -> Month:
    """Run the month to its end.

    ``own_nodes``: a step gets a node of its size, as Jobs have it; else it shares as the scheduler will. ``always``:
    on these nodes, which do not come and go.
    """
    env = simpy.Environment()
    cluster = Cluster(env, pool, always)
    spans: list[tuple[float, float]] = []

    def sample(genome: Genome) -> Generator[simpy.Event, Any]:
        yield env.timeout(genome.arrives)
        ended = {step.name: env.event() for step in steps}

        def work(step: Task) -> Generator[simpy.Event, Any]:
            yield env.all_of([ended[name] for name in step.after])
            yield env.timeout(DRIVER_SEES)
            size = node_size(step.threads, step.memory_mib) if own_nodes and not always else None
            seconds = step.seconds * (1 if step.name in UNMEASURED else genome.depth / MEASURED_DEPTH)
            yield from cluster.run(Request(processors_requested(step.threads), step.memory_mib, seconds, size))
            ended[step.name].succeed()

        for step in steps:
            env.process(work(step))
        yield env.all_of(list(ended.values()))
        spans.append((genome.arrives, env.now))

    for genome in coming:
        env.process(sample(genome))
    env.run(until=(DAYS + 7) * DAY)
    if len(spans) < len(coming):
        raise ValueError(f"{len(coming) - len(spans)} genomes were not ready a week after the month")
    return Month(cluster, tuple(sorted(end - start for start, end in spans)), _driver_hours(spans, drivers))


def _driver_hours(spans: Sequence[tuple[float, float]], pool: Pool) -> float:
    """Processor-hours of nodes for the drivers for which the system nodes have no room."""
    env = simpy.Environment()
    cluster = Cluster(env, pool)
    system = simpy.Resource(env, SYSTEM_DRIVERS)

    def driver(start: float, end: float) -> Generator[simpy.Event, Any]:
        yield env.timeout(start)
        if system.count < system.capacity:
            with system.request():
                yield env.timeout(end - start)
        else:
            yield from cluster.run(replace(DRIVER, seconds=end - start))

    for span in spans:
        env.process(driver(*span))
    env.run(until=(DAYS + 7) * DAY)
    return cluster.node_hours()


def smallest_always(coming: Sequence[Genome], steps: Sequence[Task], pool: Pool, drivers: Pool) -> tuple[int, Month]:
    """The fewest nodes of the largest size that, always there, have every genome ready within a day."""
    size = pool.sizes[-1]
    for number in range(1, 1000):
        try:
            month = replay(coming, steps, pool, drivers, always=[size] * number)
        except ValueError:
            continue
        if month.took[-1] <= READY_WITHIN:
            return number * size, month
    raise ValueError("no number of nodes has every genome ready within a day")
