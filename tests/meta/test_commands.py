"""`make help` and CI name the commands there are, and no others. What documents name: test_documents.py."""

import re
import subprocess
from pathlib import Path

import pytest

from scripts.infrastructure.environments import ROOTS, STAGES

REPOSITORY = Path(__file__).parents[2]
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M))


def test_help_lists_every_target() -> None:
    shown = subprocess.run(["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^\s+(?:\x1b\[\d+m)?([a-z][a-z-]*)(?:\x1b\[0m)?\s{2,}", shown, re.M)) == TARGETS


def test_help_lists_the_roots_and_stages_there_are() -> None:
    assert f"ROOT={'|'.join(ROOTS)} " in MAKEFILE
    assert f"STAGE={'|'.join(STAGES)} " in MAKEFILE


@pytest.mark.parametrize("target", ["lint", "policy", "supply", "test"])
def test_continuous_integration_types_the_same_targets_as_people(target: str) -> None:
    text = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(rf"^ *make {target}\b", text, re.M)


def test_no_committed_file_names_a_path_of_a_developers_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    pattern = re.compile(r"/(?:work/(?:main|shared)|root/\.|home/[a-z]+/)")
    found = []
    for line in listed.stdout.splitlines():
        path = REPOSITORY / line
        if path.is_file() and path != Path(__file__):
            text = path.read_text(encoding="utf-8", errors="ignore")
            found += [f"{line}: {match[0]}" for match in pattern.finditer(text)]
    assert not found
