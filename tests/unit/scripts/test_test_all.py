"""Counting what the rings print."""

import pytest

from scripts.test_all import count


@pytest.mark.parametrize(
    ("lines", "exit_code", "expected"),
    [
        (["= 12 passed in 3.1s ="], 0, (12, 0, 0)),
        (["terraform: 214 passed, 0 failed"], 0, (214, 0, 0)),
        (["1 failed, 8 passed in 231.45s", "make: *** [Makefile:90: test-local] Error 1"], 2, (8, 1, 0)),
        (["2 passed, 1 skipped, 3 errors in 1s"], 1, (2, 3, 1)),
        (["make: *** No rule to make target"], 2, (0, 1, 0)),
        (["5 passed in 1s", "killed afterwards"], 137, (5, 1, 0)),
    ],
)
def test_a_ring_is_counted_by_its_closing_line(
    lines: list[str], exit_code: int, expected: tuple[int, int, int]
) -> None:
    assert count(lines, exit_code) == expected
