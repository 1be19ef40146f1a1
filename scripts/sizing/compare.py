"""A toolchain's month held against what else there could be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.sizing.cluster import HOUR, read_pool
from scripts.sizing.measure import Step
from scripts.sizing.month import DAY, DAYS, Month, genomes, read_set_threads, replay, smallest_always, tasks

OTHER_MONTHS = 20


@dataclass(frozen=True)
class Compared:
    """Processor-hours of clusters that are always on are for the whole month.

    ``shared``: with steps on any node that has room. ``worst``: the greatest ratio of :data:`OTHER_MONTHS` others.
    """

    toolchain: str
    month: Month
    worst: float
    shared: Month
    fewest_always: float

    @property
    def most_always(self) -> float:
        """For as many processors as nodes had at one time."""
        return self.month.cluster.most() * DAYS * DAY / HOUR


def compare(
    measured: Sequence[Step], toolchain: str, manifests: Sequence[Mapping[str, Any]], seed: int = 1
) -> Compared:
    """Replay the month of a seed on the nodes of these manifests, and what it is compared with."""
    steps = tasks(measured, toolchain, read_set_threads())
    pool, drivers = read_pool(manifests, "restartable"), read_pool(manifests, "on-demand")
    coming = genomes(seed)
    others = [replay(genomes(seed + number), steps, pool, drivers).ratio for number in range(1, OTHER_MONTHS + 1)]
    processors, _ = smallest_always(coming, steps, pool, drivers)
    return Compared(
        toolchain,
        replay(coming, steps, pool, drivers),
        max(others),
        replay(coming, steps, pool, drivers, own_nodes=False),
        processors * DAYS * DAY / HOUR,
    )
