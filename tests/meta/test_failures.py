"""Every row of the failure catalogue names a test, and that test exists."""

import re

import pytest

from tests.meta.named_tests import REPOSITORY, is_test

PAGE = REPOSITORY / "docs" / "failures.md"
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split(" | ")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| failure", "|---"))
]


def test_the_catalogue_is_not_empty() -> None:
    assert len(ROWS) > 50


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_a_row_says_what_happens_and_which_test_shows_it(row: list[str]) -> None:
    assert len(row) == 3, f"three columns, not {len(row)}: {row}"
    failure, happens, shown = row
    assert failure
    assert happens
    named = re.findall(r"`((?:localcloud/)?tests/[\w/]+\.py::[\w:]+)", shown)
    assert named, f"no test named: {shown}"
    assert [name for name in named if not is_test(name)] == []
