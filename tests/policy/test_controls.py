"""Every check of checkov that the control map names is one that checkov has, or one of ours."""

import os
import re
import subprocess

from scripts.evidence.controls import load
from scripts.paths import REPOSITORY
from scripts.policy import CHECKOV


def test_every_check_that_is_named_exists() -> None:
    answer = subprocess.run(
        [str(CHECKOV), "--list"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True, env={**os.environ, "LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    known = {cell.strip() for line in answer.stdout.splitlines() for cell in line.split("|")}
    ours = (path.read_text(encoding="utf-8") for path in (REPOSITORY / "policy" / "checks").glob("*.py"))
    known |= {found for text in ours for found in re.findall(r'id="(CKV_KOSHA_\d+)"', text)}
    named = load().checks("checkov")
    assert named
    assert [name for name in named if name not in known] == []
