"""Every row of the failure catalogue names a test, and that test exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "failures.md"
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split(" | ")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| failure", "|---"))
]


@cache
def names_in(path: str) -> frozenset[str]:
    """The names of the test functions in a file, those of classes included."""
    tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_the_catalogue_is_not_empty() -> None:
    assert len(ROWS) > 50


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_a_row_says_what_happens_and_which_test_shows_it(row: list[str]) -> None:
    assert len(row) == 3, f"three columns, not {len(row)}: {row}"
    failure, happens, shown = row
    assert failure
    assert happens
    named = re.findall(r"`(tests/[\w/]+\.py|localcloud/tests/[\w/]+\.py)::(\w+)", shown)
    assert named, f"no test named: {shown}"
    for path, test in named:
        assert (REPOSITORY / path).is_file(), path
        assert test in names_in(path), f"{path} has no {test}"
