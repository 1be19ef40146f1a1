"""The packages that the Lambda runtime brings: boto3 and AWS's runtime client, and nothing else.

A function that imports what its zip lacks fails here as it would on AWS, whatever else is installed beside LocalStack.
"""

from __future__ import annotations

import threading
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

# time-machine is not in the real runtime; it carries the clock into the process.
_BROUGHT = ("boto3", "awslambdaric", "time-machine")

_lock = threading.Lock()


def prepare(folder: Path) -> Path:
    """Fill `folder` with links to the packages, once. Gives the folder."""
    with _lock:
        if not folder.exists():
            folder.mkdir(parents=True)
            for name in sorted(_with_requirements(_BROUGHT)):
                _link(metadata.distribution(name), folder)
    return folder


def _with_requirements(names: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for requirement in map(Requirement, metadata.requires(name) or []):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


def _link(distribution: metadata.Distribution, folder: Path) -> None:
    for file in distribution.files or []:
        top = file.parts[0]
        if top in ("..", "__pycache__") or (folder / top).is_symlink():
            continue
        (folder / top).symlink_to(Path(str(distribution.locate_file(top))))
