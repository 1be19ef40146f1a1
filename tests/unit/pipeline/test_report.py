"""Charts and report."""

from __future__ import annotations

import re

import pytest

from pipelines.sequencing.steps.chart import Series, line_chart, short, ticks
from pipelines.sequencing.steps.metrics import Window
from pipelines.sequencing.steps.report import render
from pipelines.sequencing.steps.summary import Details

FASTQC = {"reads": 10, "gc_percent": 49.0, "modules": {"Basic Statistics": "pass"}}
NUMBERS = {
    "reads": 12, "mapped": 11, "mapped_share": 0.916667, "properly_paired_share": 0.9, "duplicate_share": 0.0,
    "mean_depth": 3.21, "mean_insert_size": 250.0, "mean_read_length": 100.0, "mismatch_share": 0.01,
    "validation": "No errors found", "variants": {"snvs": 48, "indels": 9, "ts_tv": 2.0},
}  # fmt: skip


def summary(aligners: tuple[str, ...]) -> dict[str, object]:
    return {
        "sample": "S<1>",
        "project": "p",
        "site": "s",
        "reads": {"pairs": 10, "bases": 2000},
        "trimming": {"both": 6, "both_share": 0.6},
        "fastqc": dict.fromkeys(("raw-R1", "raw-R2", "trimmed-R1", "trimmed-R2"), FASTQC),
        "alignments": dict.fromkeys(aligners, NUMBERS),
        "counts": [{"between": "a and b", "unit": "reads", "left": 12, "arrived": 12}],
        "input": [{"file": "R1.fastq.gz", "reads": 10, "bases": 1000, "bytes": 99, "sha256": "ab"}],
        "reference": {"name": "genome", "sha256": "cd"},
        "parameters": {
            "adapters": "x.fa", "trimming": ["MINLEN:36"], "variants": {"min_quality": 20, "min_depth": 5},
        },
        "tools": {"bwa": "0.7"},
    }  # fmt: skip


def details(aligners: tuple[str, ...]) -> Details:
    curve = [(1.0, 30.0), (50.0, 20.0)]
    return Details(
        {f"{stage}-{mate}": curve for stage in ("raw", "trimmed") for mate in ("R1", "R2")},
        {aligner: [Window("chr1", 0, 100, 3.0), Window("chr2", 0, 50, 4.0)] for aligner in aligners},
        {aligner: [(200, 5), (210, 7)] for aligner in aligners},
    )


@pytest.mark.parametrize("aligners", [("bwa",), ("bowtie2",), ("bwa", "bowtie2")])
def test_the_report_shows_each_aligner_and_is_the_same_every_time(aligners: tuple[str, ...]) -> None:
    page = render(summary(aligners), details(aligners))
    assert page.count("<svg") == 2 + 2 * len(aligners)
    assert ("BWA-MEM" in page) == ("bwa" in aligners)
    assert "91.67 %" in page
    assert page == render(summary(aligners), details(aligners))


def test_the_report_shows_how_right_the_calls_are_only_where_the_truth_is_known() -> None:
    document = summary(("bwa",))
    assert "recall" not in render(document, details(("bwa",)))
    shares = {"snv": {"recall": 0.9912, "precision": None}, "indel": {"recall": 0.5, "precision": 1.0}}
    document["alignments"] = {"bwa": NUMBERS | {"accuracy": shares}}
    page = render(document, details(("bwa",)))
    assert '<th>Single bases: recall</th><td class="number">99.12 %</td>' in page
    assert '<th>Single bases: precision</th><td class="number">none</td>' in page


def test_the_report_of_the_fast_toolchain_has_no_fastqc_and_no_picard() -> None:
    page = render(summary(("bwa",)) | {"fastqc": {}}, details(("bwa",)))
    assert "FastQC" not in page
    assert "Picard" not in page


def test_the_report_escapes_names() -> None:
    page = render(summary(("bwa",)), details(("bwa",)))
    assert "S&lt;1&gt;" in page
    assert "S<1>" not in page


def test_the_report_says_so_where_there_is_nothing_to_draw() -> None:
    bare = details(("bwa",))
    bare.insert_sizes["bwa"] = []
    assert "there is nothing to draw" in render(summary(("bwa",)), bare)


def test_points_lie_inside_the_chart_and_higher_values_lie_higher() -> None:
    drawn = line_chart(
        [Series("s", "series-1", [(0, 0), (5, 10), (10, 99)])], x_label="x", y_label="y", title="t", y_max=20
    )
    found = re.search(r'polyline class="line series-1" points="([^"]+)"', drawn)
    assert found
    points = [tuple(map(float, pair.split(","))) for pair in found[1].split()]
    assert all(52 <= x <= 848 and 10 <= y <= 200 for x, y in points)
    assert points[0][1] > points[1][1] > points[2][1]


@pytest.mark.parametrize(
    ("low", "high", "about", "expected"),
    [
        (0, 42, 5, [0, 10, 20, 30, 40]),
        (0, 1, 4, [0, 0.25, 0.5, 0.75, 1]),
        (7, 7, 5, [7]),
        (1, 48502, 5, [10000, 20000, 30000, 40000]),
    ],
)
def test_ticks_are_round_numbers_in_the_range(low: float, high: float, about: int, expected: list[float]) -> None:
    assert ticks(low, high, about) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.25, "0.25"), (1500, "1.5k"), (3.1e9, "3.1G"), (20_000, "20k")]
)
def test_numbers_on_an_axis_are_short(value: float, text: str) -> None:
    assert short(value) == text
