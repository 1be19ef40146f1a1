"""Makes FASTQ for tests, good and broken in every way we know."""

from __future__ import annotations

import gzip
from collections.abc import Sequence

from scripts.example_data import gzip_bytes

Record = tuple[str, str, str]


def records(number: int, length: int = 60) -> list[Record]:
    """So many reads: (name, bases, qualities)."""
    return [(f"read{n}", ("ACGT" * length)[n % 4 : n % 4 + length], "I" * length) for n in range(1, number + 1)]


def text(reads: Sequence[Record], end: str = "\n") -> bytes:
    return "".join(f"@{name}{end}{bases}{end}+{end}{qualities}{end}" for name, bases, qualities in reads).encode()


def packed(reads: Sequence[Record], end: str = "\n") -> bytes:
    return gzip_bytes(text(reads, end))


def bit_flipped(content: bytes) -> bytes:
    """One bit in the middle of the compressed data is the other way round."""
    broken = bytearray(content)
    broken[len(broken) // 2] ^= 0x10
    return bytes(broken)


def multi_member(content: bytes) -> bytes:
    """The same text as two gzip members after one another, as bgzip and `cat a.gz b.gz` write it; legal."""
    lines = gzip.decompress(content).splitlines(keepends=True)
    middle = len(lines) // 8 * 4
    return gzip_bytes(b"".join(lines[:middle])) + gzip_bytes(b"".join(lines[middle:]))


def without_the_end(content: bytes, lines: int) -> bytes:
    """Clean gzip, but so many lines are missing at the end of the text."""
    return gzip_bytes(b"".join(gzip.decompress(content).splitlines(keepends=True)[:-lines]))


def one_quality_short(content: bytes) -> bytes:
    """The 11th read has a quality less than it has bases."""
    lines = gzip.decompress(content).splitlines(keepends=True)
    lines[43] = lines[43][1:]
    return gzip_bytes(b"".join(lines))


def windows_lines(content: bytes) -> bytes:
    return gzip_bytes(gzip.decompress(content).replace(b"\n", b"\r\n"))
