"""A directory of the shared storage as the cleaner mounts it, with virtual times of change.

The files and every step on them are real; only the time of change, which no program can set, is the world's.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from scratch_cleaner.domain import Facts
from scratch_cleaner.tree import Entry, Tree
from tests.simulation.world.files import SharedFiles


class SimulatedTree(Tree):
    """``files`` keeps the times of change."""

    def __init__(self, files: SharedFiles, root: str, leases: str, undo: str) -> None:
        super().__init__(root, leases, undo)
        self._files = files

    def facts(self, found: os.stat_result) -> Facts:
        return replace(super().facts(found), ctime=self._files.changed_at(found.st_ino))

    def set_aside(self, entry: Entry, run: str) -> None:
        super().set_aside(entry, run)
        self._files.changed(Path(self._root, self._undo, run, entry.path))

    def put_back(self, entry: Entry, run: str) -> None:
        super().put_back(entry, run)
        self._files.changed(Path(self._root, entry.path))
