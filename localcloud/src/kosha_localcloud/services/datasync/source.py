"""Reading the source: the entries below a directory, and their bytes."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path

from kosha_localcloud.services.datasync.filters import Filter
from kosha_localcloud.services.operations import Document

DIRECTORY, REGULAR, SYMLINK = "Directory", "Regular", "Symlink"


@dataclass(frozen=True)
class Entry:
    """A file, folder or symbolic link: its path from the location's root, and how it was when looked at."""

    path: str
    file: Path
    kind: str
    size: int
    mtime_ns: int
    atime_ns: int
    uid: int
    gid: int
    mode: int
    inode: int

    def same_content_as(self, other: "Entry") -> bool:
        """Say whether nobody wrote to the file between the two looks, as far as the file system tells."""
        return (self.inode, self.size, self.mtime_ns) == (other.inode, other.size, other.mtime_ns)

    def report(self) -> Document:
        """Describe the entry as a task report does."""
        return {
            "Type": self.kind,
            "ContentSize": self.size,
            "Mtime": nanoseconds_iso(self.mtime_ns),
            "Atime": nanoseconds_iso(self.atime_ns),
            "Uid": self.uid,
            "Gid": self.gid,
            "Mode": f"{self.mode:04o}",
        }


@dataclass(frozen=True)
class Unreadable:
    """Something below the source that cannot be listed, or is of a kind DataSync does not copy."""

    path: str
    reason: str


def nanoseconds_iso(nanoseconds: int) -> str:
    """Write a time in nanoseconds since 1970 as ISO 8601 in UTC with nine decimals, the form of task reports."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def look(file: Path, path: str) -> Entry:
    """Look at one file, not following a symbolic link. Raises OSError, and ValueError for a device, socket or pipe."""
    return _entry(file, path, file.lstat())


def _entry(file: Path, path: str, status: os.stat_result) -> Entry:
    kinds = {stat.S_IFDIR: DIRECTORY, stat.S_IFREG: REGULAR, stat.S_IFLNK: SYMLINK}
    kind = kinds.get(stat.S_IFMT(status.st_mode))
    if kind is None:
        raise ValueError("special file")
    return Entry(
        path=path,
        file=file,
        kind=kind,
        size=0 if kind == DIRECTORY else status.st_size,
        mtime_ns=status.st_mtime_ns,
        atime_ns=status.st_atime_ns,
        uid=status.st_uid,
        gid=status.st_gid,
        mode=stat.S_IMODE(status.st_mode),
        inode=status.st_ino,
    )


def walk(root: Path, includes: Filter, excludes: Filter) -> Iterator[Entry | Unreadable]:
    """Go through what lies below `root`, a folder before what it holds, names in order.

    Excluded folders are not entered. Symbolic links are entries of their own and never followed.
    """
    pending: list[tuple[Path, str]] = [(root, "")]
    while pending:
        folder, prefix = pending.pop()
        try:
            names = sorted(file.name for file in folder.iterdir())
        except OSError as error:
            yield Unreadable(prefix or "/", error.strerror or str(error))
            continue
        folders: list[tuple[Path, str]] = []
        for name in names:
            path = f"{prefix}/{name}"
            if excludes.matches(path):
                continue
            wanted = not includes or includes.matches(path)
            try:
                entry = look(folder / name, path)
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                if wanted:
                    yield Unreadable(path, str(error))
                continue
            if entry.kind == DIRECTORY and (wanted or includes.may_lie_below(path)):
                folders.append((entry.file, path))
            if wanted:
                yield entry
        pending.extend(reversed(folders))


def open_regular(file: Path) -> BufferedReader:
    """Open a file for reading; a symbolic link put in its place meanwhile is refused (OSError)."""
    return open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")  # noqa: PTH123 (no Path has these flags)


def look_again(handle: BufferedReader, entry: Entry) -> Entry:
    """Look at an open file."""
    return _entry(entry.file, entry.path, os.fstat(handle.fileno()))
