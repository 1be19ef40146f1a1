"""Tests as documents name them, ``file``, ``file::test`` or ``file::class::test``: looked for in the text of the file.

To collect them would be to import every library that any test needs.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


@cache
def tests_in(path: str) -> frozenset[str]:
    """The tests of a file, its classes of tests and theirs: ``test_x``, ``TestY``, ``TestY::test_z``."""
    body = ast.parse((REPOSITORY / path).read_text(encoding="utf-8")).body
    classes = [each for each in body if isinstance(each, ast.ClassDef) and each.name.startswith("Test")]
    inside = [f"{each.name}::{name}" for each in classes for name in _functions(each.body)]
    return frozenset([*_functions(body), *(each.name for each in classes), *inside])


def _functions(body: list[ast.stmt]) -> list[str]:
    return [each.name for each in body if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")]


def is_test(node: str) -> bool:
    """Whether there is such a test, or such a file with tests."""
    path, _, test = node.partition("::")
    if not (REPOSITORY / path).is_file():
        return False
    return test in tests_in(path) if test else bool(tests_in(path))
