"""Every own check passes on its good sample and fails on each bad one."""

import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
CHECKOV = REPOSITORY / ".venvs" / "policy" / "bin" / "checkov"
SAMPLES = REPOSITORY / "policy" / "samples"
IDS = sorted(
    match
    for path in (REPOSITORY / "policy" / "checks").glob("*.py")
    for match in re.findall(r'id="(CKV_KOSHA_\d+)"', path.read_text())
)


@cache
def results(folder: str) -> dict[str, set[tuple[str, str]]]:
    """Outcome -> {(check, resource)} of our own checks on a folder of samples."""
    done = subprocess.run(
        [str(CHECKOV), "-d", str(SAMPLES / folder), "--framework", "terraform", "--check", "CKV_KOSHA*",
         "--external-checks-dir", "policy/checks", "-o", "json", "--skip-download"],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    answer = json.loads(done.stdout)["results"]
    return {
        outcome: {(found["check_id"], found["resource"].split(".")[-1]) for found in answer[f"{outcome}_checks"]}
        for outcome in ("passed", "failed")
    }


@pytest.mark.parametrize("check", IDS)
def test_passes_on_the_good_sample(check: str) -> None:
    assert check in {found for found, _ in results("pass")["passed"]}
    assert check not in {found for found, _ in results("pass")["failed"]}


def bad_samples() -> list[str]:
    return re.findall(r'"(CKV_KOSHA_\w+)"', (SAMPLES / "fail" / "main.tf").read_text())


@pytest.mark.parametrize("resource", bad_samples())
def test_fails_on_the_bad_sample(resource: str) -> None:
    check = "_".join(resource.split("_")[:3])
    assert (check, resource) in results("fail")["failed"]


def test_every_check_has_a_bad_sample() -> None:
    assert {"_".join(resource.split("_")[:3]) for resource in bad_samples()} == set(IDS)
