"""Tagging against S3's limits: 3,500 writes a second below a prefix and 503 SlowDown beyond, 30 ms until an answer, one
connection in a hundred requests reset.

``limit_used`` is the share of what the limit allows that was written, from the first write to the last; ``wasted`` are
writes that were refused or done twice, ``beyond`` all requests beyond one for each object (reads that show whether a
write whose answer was lost was carried out, and repetitions), in percent of the objects. ``KOSHA_BENCH_LIMIT`` is
another limit, for a machine that is busy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import fake_s3
from benchmarks.frame import Contender, Counts, Meter, Pair, Setup
from benchmarks.pairs.tagging import THREADS, counts_of, steps, use
from common import clients
from common.fast_lake import FastLake
from common.lake import Lake, LakeTags

LIMIT = float(os.environ.get("KOSHA_BENCH_LIMIT", "3500"))


def write(lake: Lake, setup: Setup, size: int, meter: Meter) -> Counts:
    """Tag ``size`` objects below one prefix."""
    with meter:
        done = sum(1 for _ in lake.run(steps, (f"raw-sequences/p/{number:09}" for number in range(size))))
    counts = counts_of(setup["address"])
    assert done == counts["objects"] == size
    rejected, doubled, reads = (counts.get(name, 0) for name in ("rejected", "duplicates", "reads"))
    resets = counts.get("reset_before", 0) + counts.get("reset_after", 0)
    requests = counts["accepted"] + rejected + reads + counts.get("reset_before", 0)
    # The bucket is full when the first write comes.
    allowed = LIMIT * (counts["seconds"] + fake_s3.BURST_SECONDS)
    return {
        "accepted": counts["accepted"],
        "rejected": rejected,
        "doubled": doubled,
        "resets": resets,
        "limit_used": round(100 * counts["accepted"] / allowed, 1),
        "wasted": round(100 * (rejected + doubled) / size, 2),
        "beyond": round(100 * (requests - size) / size, 2),
    }


def boto3(setup: Setup, size: int, meter: Meter) -> Counts:
    """boto3 in threads."""
    use(setup["address"])
    return write(LakeTags(clients.s3(connections=THREADS), "lake", THREADS), setup, size, meter)


def fast(setup: Setup, size: int, meter: Meter) -> Counts:
    """The fast client, with twice the connections that the limit needs at this latency (Little's law)."""
    use(setup["address"])
    return write(FastLake(clients.s3(), "lake", connections=256), setup, size, meter)


@contextmanager
def set_up(size: int) -> Iterator[Setup]:  # noqa: ARG001 - the shape of every set-up
    """A fake S3 that limits, waits and resets."""
    with fake_s3.serving(limit=LIMIT, latency=0.03, resets=0.01) as address:
        yield {"address": address}


PAIR = Pair(
    unit="object",
    contenders={"boto3, 32 threads": Contender(boto3, size=1_500), "fast": Contender(fast)},
    size=50_000,
    measure="wall",
    set_up=set_up,
)
