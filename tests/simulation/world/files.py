"""The shared storage: a real directory whose times are virtual, and a ledger of what its users did there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.simulation.world.timeline import Timeline

DIRECTORIES = ("active", "intermediate", "reference", "tools", "scratch", "published")


@dataclass
class File:
    """What a user knows of a file of theirs."""

    directory: str
    path: str
    content: bytes
    written_at: datetime
    is_finished: bool


class SharedFiles:
    """``ledger`` is what should be there if nobody but the users had touched anything."""

    def __init__(self, root: Path, timeline: Timeline) -> None:
        self.root = root
        self._timeline = timeline
        self.ledger: dict[tuple[str, str], File] = {}
        self.changes = 0
        for each in DIRECTORIES:
            (root / each).mkdir(parents=True, exist_ok=True)

    def directory(self, name: str) -> Path:
        """One of the directories of the layout."""
        return self.root / name

    def write(self, directory: str, path: str, content: bytes, is_finished: bool = True) -> File:
        """A user writes a file, or writes it anew."""
        self.changes += 1
        place = self.root / directory / path
        place.parent.mkdir(parents=True, exist_ok=True)
        # A new inode each time, as a careful program writes: beside it, then renamed.
        place.unlink(missing_ok=True)
        place.write_bytes(content)
        self.touch(place, self._timeline.now)
        file = File(directory, path, content, self._timeline.now, is_finished)
        self.ledger[directory, path] = file
        return file

    def grow(self, file: File, more: bytes, is_finished: bool) -> File:
        """A user appends to a file; the inode stays."""
        place = self.root / file.directory / file.path
        if not place.exists():
            return self.write(file.directory, file.path, file.content + more, is_finished)
        self.changes += 1
        with place.open("ab") as handle:
            handle.write(more)
        self.touch(place, self._timeline.now)
        file.content += more
        file.written_at = self._timeline.now
        file.is_finished = is_finished
        return file

    def rewrite_in_secret(self, file: File, content: bytes) -> File:
        """A user changes the bytes and sets the old time again (rsync -t, tar -x, touch -r): only the bytes tell."""
        place = self.root / file.directory / file.path
        self.changes += 1
        status = place.stat()
        place.write_bytes(content)
        os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
        file.content = content
        return file

    def delete(self, file: File) -> None:
        """A user deletes a file."""
        self.changes += 1
        (self.root / file.directory / file.path).unlink(missing_ok=True)
        self.ledger.pop((file.directory, file.path), None)

    def read(self, directory: str, path: str) -> bytes | None:
        """The bytes that are there now."""
        try:
            return (self.root / directory / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    @staticmethod
    def touch(place: Path, moment: datetime) -> None:
        """Give a file the virtual time."""
        nanoseconds = nanoseconds_of(moment)
        os.utime(place, ns=(nanoseconds, nanoseconds), follow_symlinks=False)

    def remove_all(self) -> None:
        """Clean up after the simulation."""
        shutil.rmtree(self.root, ignore_errors=True)

    def walk(self, directory: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """Every regular file below a directory, by its path from there, in order."""
        yield from _walk(str(self.root / directory), "")


def _walk(folder: str, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    try:
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda each: each.name)
    except FileNotFoundError:
        return
    for entry in entries:
        path = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{path}/")
        elif entry.is_file(follow_symlinks=False):
            yield path, entry


def nanoseconds_of(moment: datetime) -> int:
    """Nanoseconds since 1970, exactly."""
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return ((delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds) * 1000
