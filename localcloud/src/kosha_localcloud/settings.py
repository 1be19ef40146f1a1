"""What the running instance knows about itself; its parent process sets it in the environment."""

from __future__ import annotations

import os
from pathlib import Path

DIRECTORY = "KOSHA_LOCALCLOUD_DIR"
PORT = "KOSHA_LOCALCLOUD_PORT"
INSTANCE = "KOSHA_LOCALCLOUD_INSTANCE"
ACCESS = "KOSHA_LOCALCLOUD_ACCESS"

DEFAULT_DIRECTORY = ".build/localcloud"
DEFAULT_PORT = 4566


def directory() -> Path:
    """The working directory, absolute."""
    return Path(os.environ.get(DIRECTORY) or DEFAULT_DIRECTORY).resolve()


def port() -> int:
    """The one port."""
    return int(os.environ.get(PORT) or DEFAULT_PORT)


def instance_id() -> str:
    """Random at each start: Terraform state made with another id belongs to resources that are gone."""
    return os.environ[INSTANCE]


def access_is_enforced() -> bool:
    """Whether calls are decided as IAM decides them from the start on; `off` lets everybody do anything."""
    return os.environ.get(ACCESS, "on").lower() != "off"


def clock_file() -> Path:
    """Where the clock's offset is shared with the function processes."""
    return directory() / "clock.json"


def work_directory() -> Path:
    """Everything LocalStack and the functions write for a while."""
    return directory() / "work"


def endpoint() -> str:
    """Where every service of both regions answers."""
    return f"http://127.0.0.1:{port()}"
