"""The MultiQC page over the published samples of a run, which lives in an environment of its own (``make setup``)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ENVIRONMENT = Path(__file__).resolve().parents[3] / ".venvs" / "reports"
# No look for a newer version: nothing of a run leaves the machine.
_SETTINGS = {"MULTIQC_NO_VERSION_CHECK": "true", "MULTIQC_DISABLE_AI": "true"}


class MultiqcError(Exception):
    """MultiQC is not here, or made no page; the message says what to do."""


def find_multiqc() -> Path:
    """The program in its environment, or the one on PATH; raises :class:`MultiqcError`."""
    found = shutil.which("multiqc", path=os.pathsep.join([str(ENVIRONMENT / "bin"), os.environ.get("PATH", "")]))
    if found is None:
        raise MultiqcError("MultiQC is not on this machine; run: make setup")
    return Path(found)


def multiqc_page(title: str, samples: list[Path], work: Path) -> str:
    """The page as HTML, of the files below the directories of ``samples``; ``work`` is made and removed."""
    command = [str(find_multiqc()), "--quiet", "--force", "--title", title, "--filename", "page.html", "--outdir"]
    shutil.rmtree(work, ignore_errors=True)
    try:
        done = subprocess.run(
            [*command, str(work), *map(str, samples)],
            env=os.environ | _SETTINGS, capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
        page = work / "page.html"
        if done.returncode or not page.is_file():
            said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
            raise MultiqcError(f"MultiQC made no page: {said[-1]}")
        return page.read_text(encoding="utf-8")
    finally:
        shutil.rmtree(work, ignore_errors=True)
