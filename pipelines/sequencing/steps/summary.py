"""The summary of one sample: every tool's numbers in one document, after the counts agree from step to step."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.sequencing.run import MATES, Run
from pipelines.sequencing.steps import metrics
from pipelines.sequencing.steps.metrics import ToolOutputError


@dataclass(frozen=True)
class Edge:
    """One place where reads pass from a step to the next: what left and what arrived must be the same number."""

    between: str
    unit: str
    left: int
    arrived: int


@dataclass(frozen=True)
class Details:
    """What the report draws and the summary leaves out: curves."""

    quality: dict[str, list[tuple[float, float]]]
    depths: dict[str, list[metrics.Window]]
    insert_sizes: dict[str, list[tuple[int, int]]]


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0


def _alignment(
    directory: Path, aligner: str
) -> tuple[dict[str, Any], list[metrics.Window], list[tuple[int, int]], list[Edge]]:
    flagstat = metrics.read_flagstat(directory / "flagstat.json")
    duplicates = metrics.read_picard(directory / "duplicates.txt")[0]
    alignment = next(row for row in metrics.read_picard(directory / "alignment.txt") if row["CATEGORY"] == "PAIR")
    stats = metrics.read_stats(directory / "stats.txt")
    depths = metrics.read_depths(directory / "depth.tsv")
    validation = (directory / "validation.txt").read_text(encoding="utf-8").strip()
    if validation != "No errors found":
        raise ToolOutputError(f"{directory / 'validation.txt'}: Picard finds faults in the BAM")
    total = flagstat["primary"]
    length = sum(window.end - window.start for window in depths)
    marked = 2 * int(duplicates["READ_PAIR_DUPLICATES"]) + int(duplicates["UNPAIRED_READ_DUPLICATES"])
    edges = [
        Edge(f"{aligner}: BAM and Picard's alignment summary", "reads", total, int(alignment["TOTAL_READS"])),
        Edge(f"{aligner}: Picard's duplicates and flags in the BAM", "reads", marked, flagstat["primary duplicates"]),
    ]
    numbers = {
        "reads": total,
        "mapped": flagstat["primary mapped"],
        "mapped_share": _share(flagstat["primary mapped"], total),
        "properly_paired": flagstat["properly paired"],
        "properly_paired_share": _share(flagstat["properly paired"], total),
        "duplicates": flagstat["primary duplicates"],
        "duplicate_share": _share(flagstat["primary duplicates"], total),
        "mean_depth": round(sum(w.depth * (w.end - w.start) for w in depths) / length, 3),
        "mean_insert_size": stats.mean_insert_size,
        "mismatch_share": float(alignment["PF_MISMATCH_RATE"]),
        "mean_read_length": float(alignment["MEAN_READ_LENGTH"]),
        "validation": validation,
    }
    return numbers, depths, stats.insert_sizes, edges


def summarise(
    run: Run, sample_id: str, checked: dict[str, Any], versions: dict[str, str]
) -> tuple[dict[str, Any], Details]:
    """Summary and curves of a sample.

    Nothing in it depends on when or in which run it was made: the same data give the same bytes.

    Raises:
        ToolOutputError: a tool's file is not as expected, or a count differs between two steps.
    """
    sample, directory = run.sample(sample_id), run.sample_directory(sample_id)
    pairs = checked["files"][0]["reads"]
    trimming = metrics.read_trimming(directory / "trimmed" / "summary.txt")
    edges = [Edge("input check and Trimmomatic", "pairs", pairs, trimming.pairs)]
    fastqc: dict[str, dict[str, Any]] = {}
    details = Details({}, {}, {})
    for stage, expected in (("raw", pairs), ("trimmed", trimming.both)):
        for mate in MATES:
            report = metrics.read_fastqc(directory / "fastqc" / f"{sample_id}_{stage}-{mate}_fastqc.zip")
            edges.append(Edge(f"FastQC of {mate}, {stage}", "reads", expected, report.reads))
            details.quality[f"{stage}-{mate}"] = report.quality
            fastqc[f"{stage}-{mate}"] = {
                "reads": report.reads,
                "gc_percent": report.gc_percent,
                "modules": report.modules,
            }
    alignments: dict[str, Any] = {}
    for aligner in sample.aligners:
        alignments[aligner], details.depths[aligner], details.insert_sizes[aligner], more = _alignment(
            directory / aligner, aligner
        )
        edges.append(Edge(f"Trimmomatic and {aligner}", "reads", 2 * trimming.both, alignments[aligner]["reads"]))
        edges += more
    for edge in edges:
        if edge.left != edge.arrived:
            raise ToolOutputError(
                f"{edge.between}: {edge.left} {edge.unit} left one and {edge.arrived} arrived in the other"
            )
    summary = {
        "sample": sample.name.sample,
        "project": sample.name.project,
        "site": sample.name.site,
        "input": checked["files"],
        "reads": {"pairs": pairs, "bases": sum(file["bases"] for file in checked["files"])},
        "trimming": asdict(trimming) | {"both_share": _share(trimming.both, trimming.pairs)},
        "fastqc": fastqc,
        "alignments": alignments,
        "counts": [asdict(edge) for edge in edges],
        "reference": {"name": run.reference["name"], "sha256": run.reference["sha256"]},
        "parameters": dict(run.config),
        "tools": versions,
    }
    return summary, details


def to_csv(summary: dict[str, Any]) -> str:
    """One line for each aligner, with the sample's own numbers repeated, for spreadsheets and data frames."""
    own = {
        "project": summary["project"],
        "site": summary["site"],
        "sample": summary["sample"],
        "pairs": summary["reads"]["pairs"],
        "bases": summary["reads"]["bases"],
        "pairs_after_trimming": summary["trimming"]["both"],
    }
    rows = [own | {"aligner": aligner} | numbers for aligner, numbers in summary["alignments"].items()]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
