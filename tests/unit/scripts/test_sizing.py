"""The tables of docs/sizing.md say what was measured, and what a pod asks for because of it."""

import pytest

from scripts.sizing.__main__ import PAGE
from scripts.sizing.measure import Step, read_measured
from scripts.sizing.table import put_into, tables
from scripts.talk import UserError

STEPS = [
    Step("classic", "check", 3, 20.0, 1, 0.5, 0.3, 60, 0),
    Step("classic", "align-bwa", 3, 20.0, 2, 4.0, 7.5, 300, 954),
    Step("classic", "align-bwa", 30, 200.0, 2, 40.0, 75.0, 700, 954),
    Step("classic", "check", 30, 200.0, 1, 2.6, 2.2, 64, 0),
    Step("fast", "align-bwa", 3, 20.0, 2, 3.0, 5.0, 400, 954),
]


def test_each_step_has_its_row_with_every_depth() -> None:
    page = tables(STEPS)
    assert page.startswith("## Classic\n")
    # 954 MiB are 1,000 MB, of which a pod asks for 1.25 times as much and 512 MiB
    assert "| align-bwa | 2 | 954 | 1762 | 300 | 4 | 8 | 700 | 40 | 75 |" in page
    assert "| check | 1 | - | 1762 | 60 | 0 | 0 | 64 | 3 | 2 |" in page
    assert "peak MiB at 30x (200 MiB of FASTQ)" in page


def test_a_text_is_put_between_its_marks_alone() -> None:
    page = "a\n<!-- one -->\n<!-- end -->\nb\n<!-- two -->\nold\n<!-- end -->\nc\n"
    page = put_into(put_into(page, "one", "1\n"), "two", "2\n")
    assert page == "a\n<!-- one -->\n1\n<!-- end -->\nb\n<!-- two -->\n2\n<!-- end -->\nc\n"
    with pytest.raises(UserError, match="no place for the text: the marks '<!-- three -->'"):
        put_into(page, "three", "3")


def test_the_page_is_what_the_numbers_say() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert put_into(page, "measured", tables(read_measured())) == page, (
        "write it anew: .venv/bin/python -m scripts.sizing table"
    )


def test_no_step_takes_more_than_its_pod_may() -> None:
    steps = read_measured()
    assert {step.toolchain for step in steps} == {"classic", "fast"}
    for step in steps:
        assert step.memory_mib < (step.asked_mib or 954), step
