"""File operations as slow as on a network file system, and counted, by ``latency.c`` (built here with gcc).

A program that is to wait is started with ``environment()``; within it ``Latency`` begins, ends and reads the counts.
EFS reads in about a millisecond and writes in 2.7 ms (https://docs.aws.amazon.com/efs/latest/ug/performance.html); its
client's caches, which spare a program some of that, are not imitated.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

from scripts.paths import BUILD
from scripts.talk import UserError

SOURCE = Path(__file__).with_name("latency.c")
LIBRARY = BUILD / "bench" / "latency.so"
READ_MS, WRITE_MS = 1.0, 2.7


def environment() -> dict[str, str]:
    """The variables for a program whose file operations can be made to wait.

    Raises:
        UserError: there is no gcc, or it cannot build the library.
    """
    if not LIBRARY.is_file() or LIBRARY.stat().st_mtime < SOURCE.stat().st_mtime:
        gcc = shutil.which("gcc")
        if gcc is None:
            raise UserError("file operations are slowed by a small C library: install gcc (apt-get install gcc)")
        LIBRARY.parent.mkdir(parents=True, exist_ok=True)
        command = [gcc, "-O2", "-Wall", "-shared", "-fPIC", "-o", str(LIBRARY), str(SOURCE), "-ldl"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UserError(f"gcc cannot build {SOURCE}:\n{done.stderr}")
    return dict(os.environ) | {"LD_PRELOAD": str(LIBRARY)}


class Latency:
    """The library in this process, which was started with :func:`environment`."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(str(LIBRARY))
        for name in ("kosha_latency_reads", "kosha_latency_writes"):
            getattr(self._library, name).restype = ctypes.c_long

    def begin(self, read_ms: float, write_ms: float) -> None:
        """From now on operations wait and are counted, from zero."""
        self._library.kosha_latency_begin(ctypes.c_long(round(read_ms * 1000)), ctypes.c_long(round(write_ms * 1000)))

    def end(self) -> tuple[int, int]:
        """No longer; reads (open, look, list) and writes (move, remove, make) since the beginning."""
        self._library.kosha_latency_end()
        return self._library.kosha_latency_reads(), self._library.kosha_latency_writes()
