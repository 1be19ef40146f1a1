"""Readers of the tools' output: right numbers from good files, a named file from bad ones."""

from __future__ import annotations

import json
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest

from pipelines.sequencing.steps import metrics
from pipelines.sequencing.steps.metrics import ToolOutputError

TRIMMING = """Input Read Pairs: 10
Both Surviving Reads: 6
Both Surviving Read Percent: 60.00
Forward Only Surviving Reads: 2
Forward Only Surviving Read Percent: 20.00
Reverse Only Surviving Reads: 1
Reverse Only Surviving Read Percent: 10.00
Dropped Reads: 1
Dropped Read Percent: 10.00
"""

FASTQC = """##FastQC\t0.11.9
>>Basic Statistics\tpass
#Measure\tValue
Total Sequences\t100
%GC\t49
>>END_MODULE
>>Per base sequence quality\tfail
#Base\tMean\tMedian
1\t30.5\t31
2-5\t20.0\t21
>>END_MODULE
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def fastqc_zip(path: Path, text: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a_fastqc/fastqc_data.txt", text)
    return path


def test_reads_fastqc_and_puts_a_range_of_positions_at_its_middle(tmp_path: Path) -> None:
    report = metrics.read_fastqc(fastqc_zip(tmp_path / "a.zip", FASTQC))
    assert (report.reads, report.gc_percent) == (100, 49.0)
    assert report.modules == {"Basic Statistics": "pass", "Per base sequence quality": "fail"}
    assert report.quality == [(1.0, 30.5), (3.5, 20.0)]


def test_names_a_fastqc_archive_that_is_not_whole(tmp_path: Path) -> None:
    with pytest.raises(ToolOutputError, match=r"a.zip: FastQC did not finish"):
        metrics.read_fastqc(write(tmp_path / "a.zip", "half"))
    with pytest.raises(ToolOutputError, match="no 'Total Sequences'"):
        metrics.read_fastqc(fastqc_zip(tmp_path / "b.zip", FASTQC.replace("Total Sequences", "Total")))


def test_reads_the_trimming_summary(tmp_path: Path) -> None:
    assert metrics.read_trimming(write(tmp_path / "s.txt", TRIMMING)) == metrics.Trimming(10, 6, 2, 1, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TRIMMING.replace("Dropped Reads: 1", "Dropped Reads: 0"), "do not add up to 10 pairs"),
        (TRIMMING.replace("Input Read Pairs", "Pairs"), "not a summary of Trimmomatic"),
        ("", "not a summary of Trimmomatic"),
    ],
)
def test_refuses_a_trimming_summary_that_is_cut_or_does_not_add_up(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ToolOutputError, match=message):
        metrics.read_trimming(write(tmp_path / "s.txt", text))


def test_reads_the_first_table_of_a_picard_file(tmp_path: Path) -> None:
    text = "# MarkDuplicates\n\n## METRICS CLASS\tx\nLIBRARY\tPAIRS\nlib\t3\n\n## HISTOGRAM\tx\nbin\tn\n1\t2\n"
    assert metrics.read_picard(write(tmp_path / "m.txt", text)) == [{"LIBRARY": "lib", "PAIRS": "3"}]
    with pytest.raises(ToolOutputError, match="no table of metrics"):
        metrics.read_picard(write(tmp_path / "n.txt", "# nothing\n"))


def test_reads_mean_depth_from_sums_over_windows(tmp_path: Path) -> None:
    (window,) = metrics.read_depths(write(tmp_path / "d.tsv", "chr1\t10\t30\t50\n"))
    assert (window.depth, window.start) == (2.5, 10)
    with pytest.raises(ToolOutputError, match="no depth"):
        metrics.read_depths(write(tmp_path / "e.tsv", ""))


def test_windows_cover_every_base_once_and_cross_no_contig(tmp_path: Path) -> None:
    fai = write(tmp_path / "g.fai", "chr1\t1000\t6\t60\t61\nchr2\t37\t900\t60\t61\n")
    cut = metrics.windows(fai, number=10)
    for contig, length in (("chr1", 1000), ("chr2", 37)):
        own = [(start, end) for name, start, end in cut if name == contig]
        assert own[0][0] == 0
        assert own[-1][1] == length
        assert all(first[1] == second[0] for first, second in pairwise(own))
    assert len(cut) <= 11


def test_a_genome_without_a_base_has_no_windows(tmp_path: Path) -> None:
    assert metrics.windows(write(tmp_path / "g.fai", "chr1\t0\t6\t60\t61\n")) == []


def test_pieces_are_the_genome_in_its_order_with_short_contigs_together(tmp_path: Path) -> None:
    lengths = {"chr1": 1000, "chr2": 450, **{f"scaffold{n}": 30 + n for n in range(20)}}
    fai = write(tmp_path / "g.fai", "".join(f"{contig}\t{length}\t6\t60\t61\n" for contig, length in lengths.items()))
    cut = metrics.pieces(fai, number=10, shortest=100)
    assert [stretch for piece in cut for stretch in piece] == metrics.windows(fai, number=10)
    longest = -(-sum(lengths.values()) // 10)
    sizes = [sum(end - start for _, start, end in piece) for piece in cut]
    assert max(sizes) <= longest
    assert all(first + second > longest for first, second in pairwise(sizes))
    assert any(len(piece) > 2 for piece in cut)
    assert len(metrics.pieces(fai)) == 1


def fastp_report(before: int, after: int) -> dict[str, object]:
    curves = {"quality_curves": {"mean": [30.5, 20.0]}}
    return {
        "summary": {"before_filtering": {"total_reads": before}, "after_filtering": {"total_reads": after}},
        **{f"read{mate}_{when}_filtering": curves for mate in (1, 2) for when in ("before", "after")},
    }


def test_reads_fastp_in_pairs_with_the_quality_by_position(tmp_path: Path) -> None:
    report = metrics.read_fastp(write(tmp_path / "f.json", json.dumps(fastp_report(20, 12))))
    assert report.trimming == metrics.Trimming(10, 6, 0, 0, 4)
    assert report.quality["trimmed-R2"] == [(1.0, 30.5), (2.0, 20.0)]
    assert set(report.quality) == {"raw-R1", "raw-R2", "trimmed-R1", "trimmed-R2"}


def test_refuses_a_report_of_fastp_without_its_numbers_or_with_half_a_pair(tmp_path: Path) -> None:
    with pytest.raises(ToolOutputError, match="holds no 'summary'"):
        metrics.read_fastp(write(tmp_path / "f.json", "{}"))
    with pytest.raises(ToolOutputError, match="20 reads in and 11 out, which are no pairs"):
        metrics.read_fastp(write(tmp_path / "g.json", json.dumps(fastp_report(20, 11))))


def test_reads_what_samtools_marked(tmp_path: Path) -> None:
    text = "READ: 12\nDUPLICATE PRIMARY TOTAL: 4\nDUPLICATE TOTAL: 5\n"
    assert metrics.read_markdup(write(tmp_path / "d.txt", text)) == 4
    with pytest.raises(ToolOutputError, match="not the statistics of samtools markdup"):
        metrics.read_markdup(write(tmp_path / "e.txt", "READ: 12\n"))


def test_reads_the_statistics_of_the_variants(tmp_path: Path) -> None:
    text = "# a comment\nSN\t0\tnumber of SNPs:\t48\nSN\t0\tnumber of indels:\t9\nTSTV\t0\t32\t16\t2.00\t32\t16\t2.00\n"
    assert metrics.read_variants(write(tmp_path / "v.txt", text)) == metrics.Variants(48, 9, 2.0)
    with pytest.raises(ToolOutputError, match="not the statistics of bcftools"):
        metrics.read_variants(write(tmp_path / "w.txt", text.replace("number of SNPs", "SNPs")))
