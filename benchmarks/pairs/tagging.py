"""PutObjectTagging of five tags: boto3's client in 32 threads against the client of common/fast_lake.py.

Both through the port that the functions use, on a fake S3 that answers at once, in a process of its own.
"""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from benchmarks import fake_s3
from benchmarks.frame import Contender, Counts, Meter, Pair, Setup
from common import clients
from common.fast_lake import FastLake
from common.lake import Lake, LakeTags
from common.s3_calls import WriteTags
from common.wire import Steps

THREADS = 32
TAGS = {
    "data_class": "raw_sequence", "sensitivity": "controlled", "project": "lambda-phage", "site": "hyd-01",
    "retention": "60-months",
}  # fmt: skip


def steps(key: str) -> Steps[str]:
    """Write the tags."""
    yield WriteTags(key, "v1", TAGS)
    return key


def use(address: str) -> None:
    """Let boto3 find the fake and some credentials, with a session token as a role has."""
    os.environ |= {
        "AWS_ENDPOINT_URL": address,
        "AWS_DEFAULT_REGION": "ap-south-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "t" * 800,
    }


def counts_of(address: str) -> dict[str, float]:
    """What the fake saw."""
    with urllib.request.urlopen(f"{address}/counts") as answer:  # noqa: S310 - our own server
        counts: dict[str, float] = json.load(answer)
        return counts


def write(lake: Lake, setup: Setup, size: int, meter: Meter) -> Counts:
    """Tag ``size`` objects, with warm connections; everything must have arrived once."""
    warm = 200
    assert len(list(lake.run(steps, (f"warm/up/{number}" for number in range(warm))))) == warm
    keys = list(map(fake_s3.key_of, range(size)))
    with meter:
        done = sum(1 for _ in lake.run(steps, keys))
    counts = counts_of(setup["address"])
    assert done == size
    assert counts["accepted"] == counts["objects"] == size + warm
    return {"PutObjectTagging": counts["accepted"] - warm}


def boto3(setup: Setup, size: int, meter: Meter) -> Counts:
    """boto3 in threads."""
    use(setup["address"])
    return write(LakeTags(clients.s3(connections=THREADS), "lake", THREADS), setup, size, meter)


def fast(setup: Setup, size: int, meter: Meter) -> Counts:
    """The fast client."""
    use(setup["address"])
    return write(FastLake(clients.s3(), "lake"), setup, size, meter)


@contextmanager
def _serve(size: int) -> Iterator[Setup]:  # noqa: ARG001 - the shape of every set-up
    with fake_s3.serving() as address:
        yield {"address": address}


def set_up(size: int) -> AbstractContextManager[Setup]:
    """A fake S3."""
    return _serve(size)


PAIR = Pair(
    unit="object",
    contenders={
        "boto3, 32 threads": Contender(boto3, size=2_000),
        "fast": Contender(fast, sweep=(1_000, 10_000, 100_000)),
    },
    size=100_000,
    promises={"fast": 50},
    set_up=set_up,
)
