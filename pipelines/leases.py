"""Leases: how a run tells the scratch cleaner that it uses files of the shared storage.

A lease is a small file in the directory that ``catalog/shared-storage.yaml`` names, directly below a cleaned directory.
It names a path there; while it is younger than a day (by its time of change, which the holder renews every hour), the
cleaner leaves everything at and below that path alone (``lambda_src/scratch_cleaner/domain.py``).
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path, PurePosixPath

import yaml

_CATALOG = Path(__file__).resolve().parent.parent / "catalog" / "shared-storage.yaml"
RENEW_SECONDS = 3600.0


@contextmanager
def lease(directory: Path, path: str, holder: str, renew_seconds: float = RENEW_SECONDS) -> Iterator[Path]:
    """Hold a lease on ``path`` below ``directory`` (``"."``: on all of it) as ``holder``, a name that nobody else has.

    Raises:
        ValueError: the path leads out of the directory, or the holder is no file name.
        OSError: the lease cannot be written; then the cleaner would not know of the run, so it must not begin.
    """
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError(f"the leased path {path!r} must lie below {directory}: give it relative, without ..")
    if not holder or "/" in holder or holder.startswith("."):
        raise ValueError(f"the holder {holder!r} must be a plain file name, without / and without a dot in front")
    file = directory / _folder() / f"{holder}.json"
    _write(file, path)
    over = threading.Event()
    renewing = threading.Thread(target=_renew, args=(file, path, over, renew_seconds), daemon=True, name="lease")
    renewing.start()
    try:
        yield file
    finally:
        over.set()
        renewing.join()
        file.unlink(missing_ok=True)


def _renew(file: Path, path: str, over: threading.Event, seconds: float) -> None:
    while not over.wait(seconds):
        # Storage that does not answer now may answer in an hour; the lease is good for a day.
        with suppress(OSError):
            try:
                os.utime(file)
            except FileNotFoundError:
                _write(file, path)


def _write(file: Path, path: str) -> None:
    """At once and whole: a lease that cannot be read would cover everything."""
    file.parent.mkdir(mode=0o770, parents=True, exist_ok=True)
    temporary = file.with_suffix(".tmp")
    temporary.write_text(json.dumps({"path": path, "process": os.getpid(), "host": socket.gethostname()}))
    temporary.replace(file)


@cache
def _folder() -> str:
    name: str = yaml.safe_load(_CATALOG.read_text(encoding="utf-8"))["leases"]
    return name
