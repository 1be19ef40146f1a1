"""Where things are in the repository, and where a run puts what it makes."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TERRAFORM = REPOSITORY / "terraform"
MODULES = REPOSITORY / "modules"
CATALOG = REPOSITORY / "catalog"
DIST = REPOSITORY / "dist"
BUILD = REPOSITORY / ".build"
SAMPLE_HANDOFFS = REPOSITORY / "tests" / "data" / "handoffs"
LOCALCLOUD_PYTHON = REPOSITORY / ".venvs" / "localcloud" / "bin" / "python"


def localcloud_directory() -> Path:
    """The working directory of the local cloud (``KOSHA_LOCALCLOUD_DIR``, else ``.build/localcloud``)."""
    return Path(os.environ.get("KOSHA_LOCALCLOUD_DIR") or BUILD / "localcloud").resolve()
