"""The summary of one sample: every tool's numbers in one document, after the counts agree from step to step."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.sequencing.run import MATES, Run
from pipelines.sequencing.steps import metrics
from pipelines.sequencing.steps.accuracy import KINDS
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


@dataclass(frozen=True)
class _Alignment:
    """The numbers of one aligner, its curves, and where its reads were counted."""

    numbers: dict[str, Any]
    depths: list[metrics.Window]
    insert_sizes: list[tuple[int, int]]
    edges: list[Edge]


def _alignment(run: Run, sample_id: str, aligner: str) -> _Alignment:
    directory = run.sample_directory(sample_id) / aligner
    flagstat = metrics.read_flagstat(directory / "flagstat.json")
    stats = metrics.read_stats(directory / "stats.txt")
    depths = metrics.read_depths(directory / "depth.tsv")
    total, marked = flagstat["primary"], flagstat["primary duplicates"]
    length = sum(window.end - window.start for window in depths)
    numbers: dict[str, Any] = {
        "reads": total,
        "mapped": flagstat["primary mapped"],
        "mapped_share": _share(flagstat["primary mapped"], total),
        "properly_paired": flagstat["properly paired"],
        "properly_paired_share": _share(flagstat["properly paired"], total),
        "duplicates": marked,
        "duplicate_share": _share(marked, total),
        "mean_depth": round(sum(w.depth * (w.end - w.start) for w in depths) / length, 3),
        "mean_insert_size": stats.mean_insert_size,
        "mismatch_share": stats.error_rate,
        "mean_read_length": stats.mean_read_length,
    }
    if run.is_fast:
        told = metrics.read_markdup(directory / "duplicates.txt")
        edges = [Edge(f"{aligner}: duplicates of samtools and flags in the CRAM", "reads", told, marked)]
    else:
        more, edges = _by_picard(directory, aligner, total, marked)
        numbers |= more
    numbers["variants"] = asdict(metrics.read_variants(directory / "variants.txt"))
    if run.sample(sample_id).truth:
        numbers["accuracy"] = json.loads((directory / "accuracy.json").read_text(encoding="utf-8"))
    return _Alignment(numbers, depths, stats.insert_sizes, edges)


def _by_picard(directory: Path, aligner: str, total: int, marked: int) -> tuple[dict[str, Any], list[Edge]]:
    """What Picard measured, and its counts against those of samtools (all reads, and reads marked as duplicates)."""
    duplicates = metrics.read_picard(directory / "duplicates.txt")[0]
    alignment = next(row for row in metrics.read_picard(directory / "alignment.txt") if row["CATEGORY"] == "PAIR")
    validation = (directory / "validation.txt").read_text(encoding="utf-8").strip()
    if validation != "No errors found":
        raise ToolOutputError(f"{directory / 'validation.txt'}: Picard finds faults in the BAM")
    told = 2 * int(duplicates["READ_PAIR_DUPLICATES"]) + int(duplicates["UNPAIRED_READ_DUPLICATES"])
    numbers = {
        "mismatch_share": float(alignment["PF_MISMATCH_RATE"]),
        "mean_read_length": float(alignment["MEAN_READ_LENGTH"]),
        "validation": validation,
    }
    return numbers, [
        Edge(f"{aligner}: BAM and Picard's alignment summary", "reads", total, int(alignment["TOTAL_READS"])),
        Edge(f"{aligner}: Picard's duplicates and flags in the BAM", "reads", told, marked),
    ]


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
    details = Details({}, {}, {})
    fastqc: dict[str, dict[str, Any]] = {}
    if run.is_fast:
        report = metrics.read_fastp(directory / sample.aligners[0] / "fastp.json")
        trimmer, trimming = "fastp", report.trimming
        details.quality.update(report.quality)
        edges = [Edge("input check and fastp", "pairs", pairs, trimming.pairs)]
    else:
        trimmer, trimming = "Trimmomatic", metrics.read_trimming(directory / "trimmed" / "summary.txt")
        edges = [Edge("input check and Trimmomatic", "pairs", pairs, trimming.pairs)]
        edges += _fastqc(directory / "fastqc", sample_id, {"raw": pairs, "trimmed": trimming.both}, fastqc, details)
    alignments: dict[str, Any] = {}
    for aligner in sample.aligners:
        found = _alignment(run, sample_id, aligner)
        alignments[aligner] = found.numbers
        details.depths[aligner], details.insert_sizes[aligner] = found.depths, found.insert_sizes
        edges.append(Edge(f"{trimmer} and {aligner}", "reads", 2 * trimming.both, found.numbers["reads"]))
        edges += found.edges
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
        "parameters": run.parameters,
        "tools": versions,
    }
    return summary, details


def _fastqc(
    directory: Path, sample_id: str, expected: dict[str, int], fastqc: dict[str, dict[str, Any]], details: Details
) -> list[Edge]:
    """Read FastQC's reports into ``fastqc`` and ``details``; ``expected`` is the number of reads of a mate by stage."""
    edges = []
    for stage, reads in expected.items():
        for mate in MATES:
            report = metrics.read_fastqc(directory / f"{sample_id}_{stage}-{mate}_fastqc.zip")
            edges.append(Edge(f"FastQC of {mate}, {stage}", "reads", reads, report.reads))
            details.quality[f"{stage}-{mate}"] = report.quality
            fastqc[f"{stage}-{mate}"] = {
                "reads": report.reads,
                "gc_percent": report.gc_percent,
                "modules": report.modules,
            }
    return edges


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
    rows = [own | {"aligner": aligner} | _flat(numbers) for aligner, numbers in summary["alignments"].items()]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _flat(numbers: dict[str, Any]) -> dict[str, Any]:
    """The numbers of an aligner without tables in them: ``variants`` and ``accuracy`` become columns."""
    plain = {name: value for name, value in numbers.items() if name not in ("variants", "accuracy")}
    plain |= numbers["variants"]
    for kind in KINDS if "accuracy" in numbers else ():
        plain |= {f"{kind}_{share}": numbers["accuracy"][kind][share] for share in ("recall", "precision")}
    return plain
