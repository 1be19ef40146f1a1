"""Trees of files: sizes, copies, and copies that are kept the same."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def metered_size(root: Path) -> int:
    """Sum the file sizes in bytes. Files that vanish meanwhile count nothing."""
    total = 0
    for folder, _, names in os.walk(root):
        for name in names:
            try:
                total += os.lstat(Path(folder, name)).st_size
            except FileNotFoundError:
                continue
    return total


def mirror(source: Path, target: Path) -> None:
    """Make `target` what `source` is: names, contents, modes, owners and times; what is no more goes.

    A file with the same size and time of change is the same. What vanishes meanwhile is not in the copy.
    """
    try:
        entries = {entry.name: entry for entry in os.scandir(source)}
    except (FileNotFoundError, NotADirectoryError):
        return
    target.mkdir(parents=True, exist_ok=True)
    for old in list(os.scandir(target)):
        new = entries.get(old.name)
        if new is None or _kind(new) != _kind(old):
            _remove(old)
    for entry in entries.values():
        copy = target / entry.name
        if entry.is_dir(follow_symlinks=False):
            mirror(Path(entry.path), copy)
        elif entry.is_symlink() or entry.is_file():
            _copy_if_other(Path(entry.path), copy)
    _copy_owner_and_times(source, target)


def _kind(entry: os.DirEntry[str]) -> tuple[bool, bool]:
    return entry.is_symlink(), entry.is_dir(follow_symlinks=False)


def _remove(entry: os.DirEntry[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        shutil.rmtree(entry.path, ignore_errors=True)
    else:
        Path(entry.path).unlink(missing_ok=True)


def _copy_if_other(source: Path, target: Path) -> None:
    try:
        here = source.lstat()
        if target.exists(follow_symlinks=False):
            there = target.lstat()
            if (here.st_size, here.st_mtime_ns) == (there.st_size, there.st_mtime_ns):
                return
            target.unlink()
        shutil.copy2(source, target, follow_symlinks=False)
        _copy_owner_and_times(source, target)
    except FileNotFoundError:
        return


def _copy_owner_and_times(source: Path, target: Path) -> None:
    try:
        state = source.lstat()
        if os.geteuid() == 0:
            os.chown(target, state.st_uid, state.st_gid, follow_symlinks=False)
        shutil.copystat(source, target, follow_symlinks=False)
    except FileNotFoundError:
        return
