"""The shared storage: a real directory whose times are virtual, and a ledger of what its users did there."""

from __future__ import annotations

import glob
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common import catalogue
from tests.simulation.world.timeline import Timeline

LAYOUT = catalogue.read_document("shared-storage")
LEASES, UNDO = str(LAYOUT["leases"]), str(LAYOUT["undo"])
DIRECTORIES = ("active", "intermediate", "reference", "tools", "scratch", "published")


@dataclass
class File:
    """What a user knows of a file of theirs."""

    directory: str
    path: str
    content: bytes
    written_at: datetime
    is_finished: bool
    changed_at: datetime
    seen: tuple[int, ...] = ()
    """Inode, times and size at which its bytes were found right."""


@dataclass
class Lease:
    """A run uses a path: when it last said so, and whether it is over."""

    renewed_at: datetime
    is_over: bool = False


class SharedFiles:
    """``ledger`` is what should be there if nobody but the users had touched anything."""

    def __init__(self, root: Path, timeline: Timeline) -> None:
        self.root = root
        self._timeline = timeline
        self.ledger: dict[tuple[str, str], File] = {}
        # What functions have removed, and when: until the time to undo is over it lies aside.
        self.removed: list[tuple[File, datetime]] = []
        self.leases: dict[tuple[str, str], Lease] = {}
        self._changed: dict[int, datetime] = {}
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
        file = File(directory, path, content, self._timeline.now, is_finished, self._timeline.now)
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
        file.written_at = file.changed_at = self._timeline.now
        file.is_finished = is_finished
        return file

    def rewrite_in_secret(self, file: File, content: bytes) -> File:
        """A user changes the bytes and sets the old time again (rsync -t, tar -x, touch -r): only the bytes tell."""
        place = self.root / file.directory / file.path
        self.changes += 1
        status = place.stat()
        place.write_bytes(content)
        os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
        self.changed(place)
        file.content = content
        file.changed_at = self._timeline.now
        return file

    def write_old(self, directory: str, path: str, content: bytes, age: timedelta) -> File:
        """A user brings a file that keeps its old time (tar -x, rsync -t, mv)."""
        file = self.write(directory, path, content)
        place = self.root / directory / path
        nanoseconds = nanoseconds_of(self._timeline.now - age)
        os.utime(place, ns=(nanoseconds, nanoseconds))
        return file

    def lease(self, directory: str, path: str) -> None:
        """A run says that it uses a path, or says so again (pipelines/leases.py)."""
        place = self.root / directory / LEASES / f"{path}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps({"path": path}))
        self.touch(place, self._timeline.now)
        self.leases[directory, path] = Lease(self._timeline.now)

    def release(self, directory: str, path: str) -> None:
        """The run is over."""
        (self.root / directory / LEASES / f"{path}.json").unlink(missing_ok=True)
        self.leases[directory, path].is_over = True

    def leases_of(self, file: File) -> list[Lease]:
        """What runs have said of the directory a file lies in."""
        return [
            lease
            for (directory, path), lease in self.leases.items()
            if directory == file.directory and file.path.startswith(f"{path}/")
        ]

    def is_aside(self, file: File) -> bool:
        """Whether what a cleaner has removed can still be brought back."""
        places = (self.root / file.directory / UNDO).glob(f"*/{glob.escape(file.path)}*")
        return any(place.read_bytes() == file.content for place in places)

    def delete(self, file: File) -> None:
        """A user deletes a file."""
        self.changes += 1
        (self.root / file.directory / file.path).unlink(missing_ok=True)
        self.ledger.pop((file.directory, file.path), None)

    def has(self, file: File) -> bool:
        """Whether a file lies in its place with its bytes. They are read again where anything has been done to it."""
        place = f"{self.root}/{file.directory}/{file.path}"
        try:
            status = os.lstat(place)
            seen = status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size
            if seen != file.seen and Path(place).read_bytes() == file.content:
                file.seen = seen
        except (FileNotFoundError, NotADirectoryError):
            return False
        return seen == file.seen

    def touch(self, place: Path, moment: datetime) -> None:
        """Give a file the virtual time."""
        nanoseconds = nanoseconds_of(moment)
        os.utime(place, ns=(nanoseconds, nanoseconds), follow_symlinks=False)
        self.changed(place)

    def changed(self, place: Path) -> None:
        """Note the time of change, which nobody can set: the real one says when the simulation ran."""
        self._changed[place.lstat().st_ino] = self._timeline.now

    def changed_at(self, inode: int) -> datetime:
        """The virtual time of change; what is seen for the first time (a directory) was made a moment ago."""
        return self._changed.setdefault(inode, self._timeline.now)

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
