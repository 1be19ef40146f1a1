"""The check of a pair of FASTQ files before any tool sees them.

Trimmomatic 0.39 exits 0 on every broken file we tried, FastQC and BWA on several, so a fault that is not found here
becomes a result with half of the reads. Both files are read once, side by side, in blocks; checksums are of the
compressed bytes and come from the same reading.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from zlib_ng import gzip_ng, zlib_ng

from pipelines.sequencing.status import BadData

_BLOCK_LINES = 4 * 16384
_READ_BYTES = 1 << 20
_BASES = b"ACGTNUacgtnuRYSWKMBDHVryswkmbdhv.-"
_QUALITIES = bytes(range(33, 127))


@dataclass(frozen=True)
class CheckedFile:
    """One mate: size in bytes, checksums of the file as it lies there, number of reads and bases."""

    file: str
    bytes: int
    md5: str
    sha256: str
    reads: int
    bases: int


class _Hashed(io.RawIOBase):
    """A file that is read once from start to end and hashed on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.sha256 = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        chunk = self._file.read(len(buffer))
        self.md5.update(chunk)
        self.sha256.update(chunk)
        self.size += len(chunk)
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def drain(self) -> None:
        while self.read(_READ_BYTES):
            pass


class _Mate:
    """One of the two files: gives blocks of records, finds what is wrong inside the file."""

    def __init__(self, path: Path, shown: str, mate: int) -> None:
        self.shown = shown
        self.mate = mate
        self.reads = 0
        self.bases = 0
        self._file = path.open("rb")
        self.hashed = _Hashed(self._file)
        buffered = io.BufferedReader(self.hashed, _READ_BYTES)
        self._magic = buffered.peek(2)[:2]
        # Half of the time of the standard library's gzip.
        self._lines: BinaryIO = io.BufferedReader(
            gzip_ng.GzipNGFile(fileobj=buffered, mode="rb"),  # type: ignore[no-untyped-call]
            _READ_BYTES,
        )

    def close(self) -> None:
        self._file.close()

    def bad(self, what: str) -> BadData:
        return BadData(f"{self.shown}: {what}")

    def name_blocks(self) -> Iterator[list[bytes]]:
        """The read names of the records, block by block, each checked; raises :class:`BadData`."""
        if not self._magic:
            raise self.bad("the file is empty (0 bytes)")
        if self._magic != b"\x1f\x8b":
            raise self.bad("this is not gzip; compress it with gzip or bgzip")
        while True:
            try:
                lines = list(islice(self._lines, _BLOCK_LINES))
            except EOFError:
                raise self.bad("the gzip ends too early, or something else follows its end; copy it again") from None
            except (gzip_ng.BadGzipFile, zlib_ng.error) as error:  # type: ignore[misc]
                raise self.bad(f"the gzip is damaged ({error}); copy it again") from None
            if not lines:
                break
            yield self._records(lines)
        if self.reads == 0:
            raise self.bad("there is no read in it")

    def _records(self, lines: list[bytes]) -> list[bytes]:
        names, bases, pluses, qualities = lines[0::4], lines[1::4], lines[2::4], lines[3::4]
        if self.reads == 0 and not names[0].startswith(b"@"):
            raise self.bad("this is not FASTQ: the first line does not start with @")
        if any(line.endswith(b"\r\n") for line in names):
            raise self.bad("the lines end in CR LF, as on Windows; convert them with dos2unix and compress again")
        # The very last line may lack its newline; everything else is one newline longer than what it holds.
        cut = not lines[-1].endswith(b"\n")
        if cut and len(lines) % 4 == 0:
            qualities[-1] += b"\n"
        joined_bases, joined_qualities = b"".join(bases), b"".join(qualities)
        good = (
            len(lines) % 4 == 0
            and all(name.startswith(b"@") for name in names)
            and all(plus.startswith(b"+") for plus in pluses)
            and list(map(len, bases)) == list(map(len, qualities))
            and joined_bases.translate(None, _BASES) == b"\n" * len(bases)
            and joined_qualities.translate(None, _QUALITIES) == b"\n" * len(bases)
        )
        if not good:
            self._find_fault(names, bases, pluses, qualities, cut)
        self.reads += len(names)
        self.bases += len(joined_bases) - len(bases)
        return [_read_name(name) for name in names]

    def _find_fault(
        self, names: list[bytes], bases: list[bytes], pluses: list[bytes], qualities: list[bytes], cut: bool
    ) -> None:
        """Say which record is wrong and how; there is one, or this would not have been called."""
        for index, name in enumerate(names):
            where = f"read {self.reads + index + 1} (line {4 * (self.reads + index) + 1})"
            if not name.startswith(b"@"):
                raise self.bad(f"{where} does not start with @; every read takes four lines")
            if index >= len(qualities):
                raise self.bad(f"the file ends inside {where}; copy it again")
            if not pluses[index].startswith(b"+"):
                raise self.bad(f"the third line of {where} does not start with +")
            base, quality = bases[index].rstrip(b"\n"), qualities[index].rstrip(b"\n")
            if cut and index == len(names) - 1 and len(quality) < len(base):
                raise self.bad(f"the file ends inside {where}; copy it again")
            if len(base) != len(quality):
                raise self.bad(f"{where} has {len(base)} bases but {len(quality)} qualities")
            if wrong := base.translate(None, _BASES):
                raise self.bad(f"{where} has {chr(wrong[0])!r} among its bases")
            if wrong := quality.translate(None, _QUALITIES):
                raise self.bad(f"{where} has the byte {wrong[0]} among its qualities")
        raise self.bad(f"the block that ends with read {self.reads + len(names)} is not FASTQ")


def _read_name(line: bytes) -> bytes:
    """The name without @, comment, and the old mark of the mate (/1, /2)."""
    name = line[1:].split(None, 1)[0] if len(line) > 2 else b""
    return name[:-2] if name.endswith((b"/1", b"/2")) else name


def check_pair(
    paths: tuple[Path, Path], shown: tuple[str, str], md5: tuple[str, str] = ("", "")
) -> tuple[CheckedFile, CheckedFile]:
    """Check both mates of a sample.

    Args:
        paths: the two files.
        shown: how messages name them.
        md5: the checksums that the sender gave, empty where none is known.

    Raises:
        BadData: with every reason found: the first fault of the content, and each wrong md5.
    """
    for path, name in zip(paths, shown, strict=True):
        if not path.is_file():
            raise BadData(f"{name}: there is no such file in active/")
    mates = (_Mate(paths[0], shown[0], 1), _Mate(paths[1], shown[1], 2))
    reasons: list[str] = []
    try:
        try:
            _compare(*mates)
        except BadData as bad:
            reasons += bad.reasons
        for mate, expected in zip(mates, md5, strict=True):
            mate.hashed.drain()
            found = mate.hashed.md5.hexdigest()
            if expected and found != expected:
                reasons.append(f"{mate.shown}: its md5 is {found}, but the sample sheet says {expected}; copy it again")
    finally:
        for mate in mates:
            mate.close()
    if not reasons and mates[0].hashed.sha256.digest() == mates[1].hashed.sha256.digest():
        reasons.append(f"{shown[0]} and {shown[1]} are the same file; name the two mates")
    if reasons:
        raise BadData(*reasons)
    first, second = (
        CheckedFile(m.shown, m.hashed.size, m.hashed.md5.hexdigest(), m.hashed.sha256.hexdigest(), m.reads, m.bases)
        for m in mates
    )
    return first, second


def _compare(first: _Mate, second: _Mate) -> None:
    """Read both to the end, the names side by side."""
    blocks = (first.name_blocks(), second.name_blocks())
    done = 0
    while True:
        ours, theirs = next(blocks[0], None), next(blocks[1], None)
        if ours is None and theirs is None:
            return
        if ours is None or theirs is None or len(ours) != len(theirs):
            for block in blocks:  # read on, so that the message has the true counts
                for _ in block:
                    pass
            raise BadData(
                f"{first.shown} has {first.reads} reads but {second.shown} has {second.reads}; one is cut off"
            )
        if ours != theirs:
            index = next(i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b)
            names = f"{ours[index].decode('ascii', 'replace')!r} and {theirs[index].decode('ascii', 'replace')!r}"
            raise BadData(
                f"read {done + index + 1} is named {names} in {first.shown} and {second.shown}; these are not mates"
            )
        done += len(ours)
