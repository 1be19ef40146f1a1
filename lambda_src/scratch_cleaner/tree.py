"""One directory of the shared storage, as the function mounts it.

Every step goes through the descriptor of an open directory and follows no link, so nobody can lead the cleaner out of
its directory by putting a link in its way. A file that goes is first moved aside, below ``undo``, where it is looked at
again: what was written to it until then shows there, and it goes back to its place.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from scratch_cleaner.domain import MAX_DEPTH, Facts, Lease, moment, read_lease

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PIECE = 4 * 1024 * 1024
_LEASE_BYTES = 64 * 1024
# New leases show in the directory at once; what an old one says is looked at again after so long.
_LEASES_FRESH = timedelta(minutes=1)


class FileChanged(Exception):
    """The file is not the one that was decided on."""


class StayedAside(Exception):
    """A changed file could not go back to its place, which is taken or gone: it stays below ``undo``."""


type Problem = FileChanged | StayedAside | OSError


@dataclass(frozen=True)
class Entry:
    """A file, a link or a directory. ``parent`` is an open descriptor while the walk stands at the entry, or at the
    batch that it is in."""

    path: str
    parent: int
    facts: Facts
    is_directory: bool = False
    problem: str = ""

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Reading:
    """How far a file has been read: ``crc`` is CRC64NVME of its first ``offset`` bytes."""

    offset: int = 0
    crc: int = 0


class Tree:
    """A directory; ``leases`` and ``undo`` are names directly below it. One step at a time, one entry in a batch."""

    def __init__(self, root: str, leases: str, undo: str) -> None:
        self._root = root
        self._leases = leases
        self._undo = undo
        self._known: tuple[int, datetime, list[Lease]] | None = None

    def walk(self, after: str) -> Iterator[Entry]:
        """Everything behind ``after`` in a fixed order (``""``: from the start), directories behind what they hold.

        Raises:
            OSError: the directory itself cannot be opened.
        """
        with _opened(os.open(self._root, DIRECTORY)) as root:
            own = {self._leases, self._undo}
            yield from self._walk(root, [], after.split("/") if after else [], os.fstat(root).st_dev, own)

    def batches(self, after: str) -> Iterator[Sequence[Entry]]:
        """:meth:`walk`, several entries at a time."""
        for entry in self.walk(after):
            yield [entry]

    def each[R](self, work: Callable[[Entry], R], entries: Sequence[Entry]) -> list[R | Problem]:
        """What ``work`` comes to for each entry of a batch, or what stood in its way."""
        return [attempt(work, entry) for entry in entries]

    def leases(self, now: datetime) -> list[Lease]:
        """Who uses what. Opening the directory makes NFS ask the server, so a new lease is seen."""
        try:
            descriptor = os.open(f"{self._root}/{self._leases}", DIRECTORY)
        except FileNotFoundError:
            return []
        with _opened(descriptor):
            changed = os.fstat(descriptor).st_mtime_ns
            if self._known is not None:
                known, read_at, leases = self._known
                if known == changed and timedelta(0) <= now - read_at < _LEASES_FRESH:
                    return leases
            leases = [lease for name in names_in(descriptor) if (lease := _lease(descriptor, name)) is not None]
        self._known = changed, now, leases
        return leases

    def read(self, entry: Entry, reading: Reading, stop: Iterator[bool]) -> tuple[Reading, bool]:
        """Read on, piece by piece, until the end or until ``stop`` says so; how far, and whether that is the end.

        Raises:
            FileChanged: it is not, or no longer, what was decided on.
            OSError: it cannot be read.
        """
        from awscrt import checksums  # 11 MB that most calls do not need

        with _opened(os.open(entry.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=entry.parent)) as file:
            if self.facts(os.fstat(file)) != entry.facts:
                raise FileChanged
            offset, crc = reading.offset, reading.crc
            while piece := os.pread(file, _PIECE, offset):
                crc = checksums.crc64nvme(piece, crc)
                offset += len(piece)
                if next(stop):
                    break
            if self.facts(os.fstat(file)) != entry.facts:
                raise FileChanged
            return Reading(offset, crc), offset >= entry.facts.size

    def set_aside(self, entry: Entry, run: str) -> None:
        """Move the file below ``undo/<run>``, under its own path.

        Raises:
            FileChanged: it has changed since it was decided on; it is where it was.
            StayedAside: as before, but its place is taken.
            OSError: it cannot be moved; it is where it was.
        """
        if self.facts(look(entry.name, entry.parent)) != entry.facts:
            raise FileChanged
        with self._undo_folder(run, entry.path.split("/")[:-1]) as folder:
            name = free_name(folder, entry.name)
            os.rename(entry.name, name, src_dir_fd=entry.parent, dst_dir_fd=folder)
            if not self.facts(look(name, folder)).is_same(entry.facts):
                put_back(folder, name, entry)
                raise FileChanged

    def put_back(self, entry: Entry, run: str) -> None:
        """Undo :meth:`set_aside`. Raises StayedAside, OSError."""
        with self._undo_folder(run, entry.path.split("/")[:-1]) as folder:
            put_back(folder, entry.name, entry)

    def remove_directory(self, entry: Entry) -> bool:
        """Remove a directory if it is empty."""
        try:
            os.rmdir(entry.name, dir_fd=entry.parent)
        except OSError:
            return False
        return True

    def runs_aside(self) -> list[str]:
        """The runs whose files lie below ``undo``, oldest first."""
        try:
            descriptor = os.open(f"{self._root}/{self._undo}", DIRECTORY)
        except FileNotFoundError:
            return []
        with _opened(descriptor):
            return names_in(descriptor)

    def aside(self, run: str) -> Iterator[Entry]:
        """What lies below ``undo/<run>``, the directory itself last."""
        with _opened(os.open(f"{self._root}/{self._undo}", DIRECTORY)) as undo:
            facts = self.facts(look(run, undo))
            with _opened(os.open(run, DIRECTORY, dir_fd=undo)) as folder:
                yield from self._walk(folder, [], [], os.fstat(folder).st_dev, set())
            yield Entry(run, undo, facts, is_directory=True)

    def batches_aside(self, run: str) -> Iterator[Sequence[Entry]]:
        """:meth:`aside`, several entries at a time; the directory itself alone."""
        for entry in self.aside(run):
            yield [entry]

    def delete(self, entry: Entry) -> None:
        """Delete a file for good."""
        os.unlink(entry.name, dir_fd=entry.parent)

    def delete_aside(self, entry: Entry, run: str) -> None:
        """Delete for good what :meth:`set_aside` has moved just now."""
        with self._undo_folder(run, entry.path.split("/")[:-1]) as folder:
            os.unlink(entry.name, dir_fd=folder)

    def facts(self, found: os.stat_result) -> Facts:
        """What the file system says of an entry."""
        return Facts(
            is_file=stat.S_ISREG(found.st_mode),
            is_link=stat.S_ISLNK(found.st_mode),
            size=found.st_size,
            inode=found.st_ino,
            links=found.st_nlink,
            mtime=moment(found.st_mtime),
            ctime=moment(found.st_ctime),
        )

    def _walk(self, folder: int, parts: list[str], after: list[str], device: int, own: set[str]) -> Iterator[Entry]:
        for name in names_in(folder):
            if name in own or (after and name < after[0]) or after == [name]:
                continue
            path = "/".join([*parts, name])
            try:
                found = look(name, folder)
            except FileNotFoundError:
                continue
            facts = self.facts(found)
            if not stat.S_ISDIR(found.st_mode):
                yield Entry(path, folder, facts)
                continue
            if found.st_dev != device or len(parts) >= MAX_DEPTH:
                yield Entry(path, folder, facts, is_directory=True, problem="too_deep")
                continue
            try:
                below = os.open(name, DIRECTORY, dir_fd=folder)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:  # no right to enter, or a link has taken its place
                yield Entry(path, folder, facts, is_directory=True, problem="refused")
                continue
            with _opened(below):
                rest = after[1:] if after and name == after[0] else []
                yield from self._walk(below, [*parts, name], rest, device, set())
            yield Entry(path, folder, facts, is_directory=True)

    @contextmanager
    def _undo_folder(self, run: str, folders: Sequence[str]) -> Iterator[int]:
        descriptor = os.open(self._root, DIRECTORY)
        try:
            for name in (self._undo, run, *folders):
                with suppress(FileExistsError):
                    os.mkdir(name, mode=0o770, dir_fd=descriptor)
                below = os.open(name, DIRECTORY, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)


def attempt[R](work: Callable[[Entry], R], entry: Entry) -> R | Problem:
    try:
        return work(entry)
    except (FileChanged, StayedAside, OSError) as problem:
        return problem


@contextmanager
def _opened(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def names_in(folder: int) -> list[str]:
    return sorted(os.listdir(folder))


def look(name: str, folder: int) -> os.stat_result:
    return os.stat(name, dir_fd=folder, follow_symlinks=False)


def _lease(folder: int, name: str) -> Lease | None:
    try:
        with _opened(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)) as file:
            return read_lease(os.read(file, _LEASE_BYTES), moment(os.fstat(file).st_mtime))
    except FileNotFoundError:
        return None
    except OSError:  # a link or a directory, or no right to read: as a lease that cannot be read
        return read_lease(b"", moment(look(name, folder).st_mtime))


def free_name(folder: int, name: str) -> str:
    """``name``; a file of an earlier slice of the run that lies there makes room, and is kept."""
    try:
        look(name, folder)
    except FileNotFoundError:
        return name
    number = 1
    while True:
        try:
            look(other := f"{name[:200]}~{number}", folder)
        except FileNotFoundError:
            os.rename(name, other, src_dir_fd=folder, dst_dir_fd=folder)
            return name
        number += 1


def put_back(folder: int, name: str, entry: Entry) -> None:
    """By a second name and the removal of the first: a rename would overwrite whoever has taken the place meanwhile."""
    try:
        os.link(name, entry.name, src_dir_fd=folder, dst_dir_fd=entry.parent, follow_symlinks=False)
    except (FileExistsError, FileNotFoundError) as error:
        raise StayedAside from error
    os.unlink(name, dir_fd=folder)
