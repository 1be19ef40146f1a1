"""The tree with many steps under way at once: on a network file system each waits milliseconds, and they wait together.

Everything :mod:`scratch_cleaner.tree` says holds here: the same order, the same steps through open directories, the
same looks before and after. What is measured and why it is built so: docs/adr/0040.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock, Semaphore
from time import monotonic

from scratch_cleaner.domain import MAX_DEPTH, Facts, moment
from scratch_cleaner.tree import (
    DIRECTORY,
    Entry,
    FileChanged,
    Problem,
    Tree,
    attempt,
    free_name,
    look,
    names_in,
    put_back,
)

# Lambda allows 1,024 threads and processes, and 1,024 open files
# (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
STEPS = 64
# Directories that are read ahead: of one directory, and of all.
AHEAD, AHEAD_IN_ALL = 64, 128
# Entries in a batch, and directories that it may keep open (two batches are there at a time); directories below
# ``undo`` that stay open.
BATCH, BATCH_FOLDERS, ASIDE_FOLDERS = 1024, 192, 192
# Names of a directory that are looked at with it, and at a time after that.
FIRST, CHUNK = 64, 1024
# NFS answers a second look from its cache for three seconds (acregmin, https://man7.org/linux/man-pages/man5/nfs.5.html):
# before that there is nothing new to see.
SEEN_SECONDS = 1.0


class _Folder:
    """An open directory, closed when nobody refers to it any more."""

    __slots__ = ("descriptor", "is_new")

    def __init__(self, descriptor: int, is_new: bool = False) -> None:
        self.descriptor = descriptor
        self.is_new = is_new

    def __del__(self) -> None:
        os.close(self.descriptor)


@dataclass(frozen=True)
class _Held(Entry):
    """An entry that keeps its directory open, with the time (``monotonic``) at which it was looked at."""

    folder: _Folder | None = None
    seen_at: float = 0.0


type _Looks = list[tuple[str, os.stat_result | None]]


@dataclass(frozen=True)
class _Loaded:
    """A directory that was read: the names in it that are to be looked at, and the first looks."""

    folder: _Folder
    names: list[str]
    first: _Looks
    seen_at: float


class FastTree(Tree):
    """As :class:`Tree`, with up to ``STEPS`` steps at once in a batch."""

    def __init__(self, root: str, leases: str, undo: str) -> None:
        super().__init__(root, leases, undo)
        self._steps = ThreadPoolExecutor(STEPS, "step")
        self._readers = ThreadPoolExecutor(AHEAD, "ahead")
        self._budget = Semaphore(AHEAD_IN_ALL)
        self._asides: dict[tuple[str, str], _Folder | Future[_Folder]] = {}
        self._lock = Lock()

    def batches(self, after: str) -> Iterator[Sequence[Entry]]:
        self._forget_asides()
        root = _Folder(os.open(self._root, DIRECTORY))
        device = os.fstat(root.descriptor).st_dev
        rest = after.split("/") if after else []
        loaded = self._read(root, rest, {self._leases, self._undo})
        try:
            yield from _batched(self._entries(loaded, [], rest, device))
        finally:
            self._forget_asides()

    def batches_aside(self, run: str) -> Iterator[Sequence[Entry]]:
        undo = _Folder(os.open(f"{self._root}/{self._undo}", DIRECTORY))
        facts = self.facts(look(run, undo.descriptor))
        folder = _Folder(os.open(run, DIRECTORY, dir_fd=undo.descriptor))
        device = os.fstat(folder.descriptor).st_dev
        yield from _batched(self._entries(self._read(folder, [], set()), [], [], device))
        yield [_Held(run, undo.descriptor, facts, is_directory=True, folder=undo)]

    def each[R](self, work: Callable[[Entry], R], entries: Sequence[Entry]) -> list[R | Problem]:
        if len(entries) < 2:
            return super().each(work, entries)
        parts = self._steps.map(lambda part: [attempt(work, entry) for entry in part], _slices(entries))
        return [result for part in parts for result in part]

    def set_aside(self, entry: Entry, run: str) -> None:
        is_fresh = isinstance(entry, _Held) and monotonic() - entry.seen_at < SEEN_SECONDS
        if not is_fresh and self.facts(look(entry.name, entry.parent)) != entry.facts:
            raise FileChanged
        folder = self._aside_of(entry, run)
        # Into a directory that was made a moment ago nothing else has been moved under this name.
        name = entry.name if folder.is_new else free_name(folder.descriptor, entry.name)
        os.rename(entry.name, name, src_dir_fd=entry.parent, dst_dir_fd=folder.descriptor)
        if not _is_same(look(name, folder.descriptor), entry.facts):
            put_back(folder.descriptor, name, entry)
            raise FileChanged

    def put_back(self, entry: Entry, run: str) -> None:
        put_back(self._aside_of(entry, run).descriptor, entry.name, entry)

    def delete_aside(self, entry: Entry, run: str) -> None:
        os.unlink(entry.name, dir_fd=self._aside_of(entry, run).descriptor)

    # ---------------------------------------------------------------------------------------------------- walking

    def _entries(self, loaded: _Loaded, parts: list[str], after: list[str], device: int) -> Iterator[Entry]:
        folder, prefix = loaded.folder, "".join(f"{part}/" for part in parts)
        for looks, seen_at in self._looks(loaded):
            ahead = _Ahead(self, folder, [name for name, found in looks if _leads_below(found, device, parts)], after)
            try:
                for name, found in looks:
                    if found is None:
                        continue
                    facts, path = self.facts(found), prefix + name
                    if not stat.S_ISDIR(found.st_mode):
                        yield _Held(path, folder.descriptor, facts, folder=folder, seen_at=seen_at)
                        continue
                    problem = "" if _leads_below(found, device, parts) else "too_deep"
                    if not problem:
                        below = ahead.take(name)
                        if isinstance(below, FileNotFoundError | NotADirectoryError):
                            continue
                        if isinstance(below, OSError):  # no right to enter, or a link has taken its place
                            problem = "refused"
                        else:
                            yield from self._entries(below, [*parts, name], _rest(after, name), device)
                    yield _Held(path, folder.descriptor, facts, True, problem, folder, seen_at)
            finally:
                ahead.stop()

    def _looks(self, loaded: _Loaded) -> Iterator[tuple[_Looks, float]]:
        yield loaded.first, loaded.seen_at
        for start in range(FIRST, len(loaded.names), CHUNK):
            seen_at = monotonic()
            parts = _slices(loaded.names[start : start + CHUNK])
            looks = self._steps.map(lambda part: _look_at(loaded.folder, part), parts)
            yield [each for part in looks for each in part], seen_at

    def load(self, parent: _Folder, name: str, after: list[str]) -> _Loaded | OSError:
        """Read a directory; an error where it cannot be opened."""
        try:
            folder = _Folder(os.open(name, DIRECTORY, dir_fd=parent.descriptor))
        except OSError as error:
            return error
        return self._read(folder, after, set())

    def _read(self, folder: _Folder, after: list[str], own: set[str]) -> _Loaded:
        names = names_in(folder.descriptor)
        if after or own:
            names = [name for name in names if not (name in own or (after and name < after[0]) or after == [name])]
        seen_at = monotonic()
        return _Loaded(folder, names, _look_at(folder, names[:FIRST]), seen_at)

    # --------------------------------------------------------------------------------------------- setting aside

    def _aside_of(self, entry: Entry, run: str) -> _Folder:
        return self._aside(run, entry.path.rpartition("/")[0])

    def _aside(self, run: str, path: str) -> _Folder:
        """The directory below ``undo/<run>``, made where it is not there. Of several threads one makes it."""
        key = run, path
        if isinstance(there := self._asides.get(key), _Folder):
            return there
        with self._lock:
            found = self._asides.get(key)
            if found is None:
                made: Future[_Folder] = Future()
                self._asides[key] = made
                if len(self._asides) > ASIDE_FOLDERS:
                    del self._asides[next(iter(self._asides))]
        if found is not None:
            return found if isinstance(found, _Folder) else found.result()
        try:
            folder = self._make_aside(run, path)
        except BaseException as error:
            with self._lock:
                self._asides.pop(key, None)
            made.set_exception(error)
            raise
        with self._lock:
            self._asides[key] = folder
        made.set_result(folder)
        return folder

    def _make_aside(self, run: str, path: str) -> _Folder:
        if not path:
            root = _Folder(os.open(self._root, DIRECTORY))
            undo = _below(root, self._undo)
            return _below(undo, run)
        above, _, name = path.rpartition("/")
        return _below(self._aside(run, above), name)

    def _forget_asides(self) -> None:
        with self._lock:
            self._asides.clear()


class _Ahead:
    """Reads the directories of a directory ahead, in their order, as far as the tree's budget goes."""

    def __init__(self, tree: FastTree, folder: _Folder, names: list[str], after: list[str]) -> None:
        self._tree, self._folder, self._after = tree, folder, after
        self._names = deque(names)
        self._waiting: dict[str, Future[_Loaded | OSError]] = {}
        self._fill()

    def take(self, name: str) -> _Loaded | OSError:
        """The next directory."""
        waiting = self._waiting.pop(name, None)
        if waiting is None:
            self._names.popleft()
            return self._tree.load(self._folder, name, _rest(self._after, name))
        try:
            return waiting.result()
        finally:
            self._tree._budget.release()
            self._fill()

    def stop(self) -> None:
        """Drop what nobody will take."""
        for waiting in self._waiting.values():
            waiting.cancel()
            self._tree._budget.release()
        self._waiting.clear()
        self._names.clear()

    def _fill(self) -> None:
        while self._names and len(self._waiting) < AHEAD and self._tree._budget.acquire(blocking=False):
            name = self._names.popleft()
            rest = _rest(self._after, name)
            self._waiting[name] = self._tree._readers.submit(self._tree.load, self._folder, name, rest)


def _batched(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    parents: set[int] = set()
    for entry in entries:
        batch.append(entry)
        parents.add(entry.parent)
        if len(batch) >= BATCH or len(parents) >= BATCH_FOLDERS:
            yield batch
            batch, parents = [], set()
            del entry  # it would keep its directory open
    if batch:
        yield batch


def _is_same(found: os.stat_result, facts: Facts) -> bool:
    """As ``Facts.is_same``."""
    return (found.st_ino, found.st_size, moment(found.st_mtime), found.st_nlink) == (
        facts.inode,
        facts.size,
        facts.mtime,
        facts.links,
    )


def _slices[T](items: Sequence[T]) -> list[Sequence[T]]:
    size = -(-len(items) // STEPS)
    return [items[start : start + size] for start in range(0, len(items), size)]


def _look_at(folder: _Folder, names: Sequence[str]) -> _Looks:
    looks: _Looks = []
    for name in names:
        try:
            looks.append((name, look(name, folder.descriptor)))
        except FileNotFoundError:
            looks.append((name, None))
    return looks


def _leads_below(found: os.stat_result | None, device: int, parts: list[str]) -> bool:
    return found is not None and stat.S_ISDIR(found.st_mode) and found.st_dev == device and len(parts) < MAX_DEPTH


def _rest(after: list[str], name: str) -> list[str]:
    return after[1:] if after and name == after[0] else []


def _below(above: _Folder, name: str) -> _Folder:
    is_new = False
    try:
        return _Folder(os.open(name, DIRECTORY, dir_fd=above.descriptor))
    except FileNotFoundError:
        try:
            os.mkdir(name, mode=0o770, dir_fd=above.descriptor)
            is_new = True
        except FileExistsError:
            pass
    return _Folder(os.open(name, DIRECTORY, dir_fd=above.descriptor), is_new)
