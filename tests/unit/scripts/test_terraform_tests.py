"""Tests of several folders in one process, and what a failed Terraform test is shown as."""

from pathlib import Path

import pytest

from scripts import terraform_tests
from scripts.paths import MODULES
from scripts.talk import UserError
from scripts.terraform_tests import Joined, explain


def test_a_name_of_nothing_is_refused_beside_one_that_is_known() -> None:
    named = terraform_tests.tested_folders("handoff", "20-storage")
    assert [folder.name for folder in named] == ["handoff", "20-storage"]
    with pytest.raises(UserError, match="is called hand-off"):
        terraform_tests.tested_folders("handoff", "hand-off")


def test_a_failed_test_says_where_what_and_which_values() -> None:
    diagnostic = {
        "severity": "error",
        "summary": "Test assertion failed",
        "detail": "versioning must be on,\n  always",
        "range": {"filename": "tests/bucket.tftest.hcl", "start": {"line": 31}},
        "snippet": {"values": [{"traversal": "aws_s3_bucket_versioning.this.status", "statement": 'is "Suspended"'}]},
    }
    assert explain(diagnostic, {}).splitlines() == [
        "tests/bucket.tftest.hcl:31 Test assertion failed versioning must be on, always",
        '    aws_s3_bucket_versioning.this.status is "Suspended"',
    ]


def test_an_error_without_a_place_or_values_is_shown_too() -> None:
    assert explain({"severity": "error", "summary": "Failed to load plugin", "snippet": None}, {}).strip() == (
        ": Failed to load plugin"
    )


@pytest.mark.parametrize("folder", terraform_tests.tested_folders(), ids=lambda folder: folder.name)
def test_every_run_names_its_module_and_every_line_keeps_its_place(folder: Path) -> None:
    for file in folder.glob("tests/*.tftest.hcl"):
        joined, own = Joined(folder, file), file.read_text(encoding="utf-8").splitlines()
        runs = sum(line.startswith("run ") for line in own)
        assert joined.text.count(f'source = "../../{folder.parent.name}/{folder.name}"') == runs
        assert len(joined.text.splitlines()) == len(own) + 3 * runs
        for number, line in enumerate(joined.text.splitlines(), 1):
            place = joined.place(number)["start"]["line"]
            assert own[place - 1] == line or line in ("  module {", "  }") or line.startswith("    source = ")


def test_a_failure_is_shown_in_the_file_of_its_folder() -> None:
    folder = MODULES / "handoff"
    joined = Joined(folder, folder / "tests/handoff.tftest.hcl")
    number = next(n for n, line in enumerate(joined.text.splitlines(), 1) if "  assert {" in line)
    own = next(n for n, line in enumerate(joined.file.read_text("utf-8").splitlines(), 1) if "  assert {" in line)
    diagnostic = {"summary": "failed", "range": {"filename": f"tests/{joined.name}", "start": {"line": number}}}
    assert explain(diagnostic, {f"tests/{joined.name}": joined}).strip() == f"tests/handoff.tftest.hcl:{own} failed"
