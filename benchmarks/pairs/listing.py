"""Every key of a bucket with its time: botocore's paginator against the listing of common/fast_lake.py.

Both through the port of tag_auditor, on a fake S3 with made up keys, a thousand a page; one of a thousand is odd.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

from benchmarks import fake_s3
from benchmarks.frame import Contender, Counts, Meter, Pair, Setup
from benchmarks.pairs.tagging import counts_of, use
from common import clients
from tag_auditor.aws import FastListing, Listing


def read(listing: Listing | FastListing, setup: Setup, size: int, meter: Meter) -> Counts:
    """Go through all pages; the last key of each goes into a checksum that both must come to."""
    keys, checksum = 0, 0
    with meter:
        for page in listing.pages(""):
            keys += len(page)
            checksum = crc32(page[-1].key.encode(), checksum)
    assert keys == size
    expected = 0
    for begin in range(0, size, fake_s3.PAGE):
        expected = crc32(fake_s3.key_of(min(begin + fake_s3.PAGE, size) - 1).encode(), expected)
    assert checksum == expected
    return {"keys": keys, "ListObjectsV2": counts_of(setup["address"])["pages"]}


def paginator(setup: Setup, size: int, meter: Meter) -> Counts:
    """botocore."""
    use(setup["address"])
    return read(Listing(clients.s3(), "lake"), setup, size, meter)


def fast(setup: Setup, size: int, meter: Meter) -> Counts:
    """Pages read by a pattern."""
    use(setup["address"])
    return read(FastListing(clients.s3(), "lake"), setup, size, meter)


@contextmanager
def set_up(size: int) -> Iterator[Setup]:
    """A fake S3 with so many keys."""
    with fake_s3.serving(keys=size) as address:
        yield {"address": address}


PAIR = Pair(
    unit="key",
    contenders={
        "botocore's paginator": Contender(paginator, size=10_000),
        "fast": Contender(fast, sweep=(10_000, 100_000, 1_000_000, 10_000_000)),
    },
    size=300_000,
    promises={"fast": 50},
    set_up=set_up,
)
