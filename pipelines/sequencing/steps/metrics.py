"""Reads what the tools wrote. Every reader raises :class:`ToolOutputError` naming the file that is not as expected."""

from __future__ import annotations

import ast
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class ToolOutputError(Exception):
    """A tool's output file has another form than this workflow knows, or its numbers do not add up."""


@dataclass(frozen=True)
class FastQC:
    """Of one file: reads, GC content in percent, the verdict of each module, mean quality by position in the read."""

    reads: int
    gc_percent: float
    modules: dict[str, str]
    quality: list[tuple[float, float]]


def read_fastqc(archive: Path) -> FastQC:
    """Read ``fastqc_data.txt`` out of FastQC's zip."""
    try:
        with zipfile.ZipFile(archive) as members:
            name = next(name for name in members.namelist() if name.endswith("/fastqc_data.txt"))
            lines = members.read(name).decode("utf-8").splitlines()
    except (zipfile.BadZipFile, StopIteration):
        raise ToolOutputError(f"{archive}: FastQC did not finish its archive") from None
    basic: dict[str, str] = {}
    modules: dict[str, str] = {}
    quality: list[tuple[float, float]] = []
    module = ""
    for line in lines:
        if line.startswith(">>") and line != ">>END_MODULE":
            module, verdict = line[2:].split("\t")
            modules[module] = verdict
        elif line.startswith(("#", ">>")):
            continue
        elif module == "Basic Statistics":
            label, value = line.split("\t")
            basic[label] = value
        elif module == "Per base sequence quality":
            columns = line.split("\t")
            first, _, last = columns[0].partition("-")
            quality.append(((int(first) + int(last or first)) / 2, float(columns[1])))
    try:
        return FastQC(int(basic["Total Sequences"]), float(basic["%GC"]), modules, quality)
    except KeyError as missing:
        raise ToolOutputError(f"{archive}: FastQC's data hold no {missing}") from None


@dataclass(frozen=True)
class Trimming:
    """Numbers of read pairs: in, both mates kept, only the first, only the second, none."""

    pairs: int
    both: int
    first_only: int
    second_only: int
    dropped: int


def read_trimming(path: Path) -> Trimming:
    """Read Trimmomatic's ``-summary`` file."""
    entries = dict(line.split(": ", 1) for line in path.read_text(encoding="utf-8").splitlines() if ": " in line)
    try:
        trimming = Trimming(
            int(entries["Input Read Pairs"]),
            int(entries["Both Surviving Reads"]),
            int(entries["Forward Only Surviving Reads"]),
            int(entries["Reverse Only Surviving Reads"]),
            int(entries["Dropped Reads"]),
        )
    except (KeyError, ValueError) as error:
        raise ToolOutputError(f"{path}: not a summary of Trimmomatic ({error})") from None
    if trimming.both + trimming.first_only + trimming.second_only + trimming.dropped != trimming.pairs:
        raise ToolOutputError(f"{path}: the numbers of Trimmomatic do not add up to {trimming.pairs} pairs")
    return trimming


@dataclass(frozen=True)
class Fastp:
    """What fastp did to the pairs of a sample, and the mean quality by position of each mate before and after."""

    trimming: Trimming
    quality: dict[str, list[tuple[float, float]]]


def read_fastp(path: Path) -> Fastp:
    """Read fastp's JSON. fastp counts reads; a pair is kept whole or dropped whole."""
    document = json.loads(path.read_text(encoding="utf-8"))
    try:
        before, after = (document["summary"][stage]["total_reads"] for stage in ("before_filtering", "after_filtering"))
        quality = {
            f"{stage}-{mate}": [
                (float(position), float(value))
                for position, value in enumerate(
                    document[f"read{number}_{when}_filtering"]["quality_curves"]["mean"], 1
                )
            ]
            for stage, when in (("raw", "before"), ("trimmed", "after"))
            for number, mate in enumerate(("R1", "R2"), 1)
        }
    except KeyError as missing:
        raise ToolOutputError(f"{path}: fastp's report holds no {missing}") from None
    if before % 2 or after % 2:
        raise ToolOutputError(f"{path}: fastp counts {before} reads in and {after} out, which are no pairs")
    return Fastp(Trimming(before // 2, after // 2, 0, 0, (before - after) // 2), quality)


def read_markdup(path: Path) -> int:
    """The number of reads that ``samtools markdup -f`` says it marked, primary alignments only."""
    entries = dict(line.split(": ", 1) for line in path.read_text(encoding="utf-8").splitlines() if ": " in line)
    try:
        return int(entries["DUPLICATE PRIMARY TOTAL"])
    except (KeyError, ValueError) as error:
        raise ToolOutputError(f"{path}: not the statistics of samtools markdup ({error})") from None


@dataclass(frozen=True)
class Variants:
    """Of the variants that passed the filter: single bases, insertions and deletions, transitions to transversions."""

    snvs: int
    indels: int
    ts_tv: float


def read_variants(path: Path) -> Variants:
    """Read ``bcftools stats``."""
    numbers: dict[str, str] = {}
    ratio = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        columns = line.split("\t")
        if columns[0] == "SN":
            numbers[columns[2].rstrip(":")] = columns[3]
        elif columns[0] == "TSTV":
            ratio = columns[4]
    try:
        return Variants(int(numbers["number of SNPs"]), int(numbers["number of indels"]), float(ratio))
    except (KeyError, ValueError) as error:
        raise ToolOutputError(f"{path}: not the statistics of bcftools ({error})") from None


def read_picard(path: Path) -> list[dict[str, str]]:
    """The rows of the first metrics table of a Picard file, by column name."""
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.startswith("## METRICS CLASS"):
            header = next(lines).split("\t")
            rows = []
            for row in lines:
                if not row:
                    break
                rows.append(dict(zip(header, row.split("\t"), strict=False)))
            return rows
    raise ToolOutputError(f"{path}: there is no table of metrics in it")


def read_flagstat(path: Path) -> dict[str, int]:
    """The counts of ``samtools flagstat -O json``, over reads that passed the platform's own filter or not."""
    document = json.loads(path.read_text(encoding="utf-8"))
    passed, failed = document["QC-passed reads"], document["QC-failed reads"]
    return {name: value + failed[name] for name, value in passed.items() if isinstance(value, int)}


@dataclass(frozen=True)
class Stats:
    """Of ``samtools stats``: insert size in bases -> pairs; share of bases that differ; mean read length."""

    insert_sizes: list[tuple[int, int]]
    mean_insert_size: float
    error_rate: float
    mean_read_length: float


def read_stats(path: Path) -> Stats:
    """Read the summary numbers and the insert sizes of ``samtools stats``."""
    numbers: dict[str, str] = {}
    sizes: list[tuple[int, int]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        columns = line.split("\t")
        if columns[0] == "SN":
            numbers[columns[1].rstrip(":")] = columns[2]
        elif columns[0] == "IS":
            sizes.append((int(columns[1]), int(columns[2])))
    try:
        return Stats(
            sizes, float(numbers["insert size average"]), float(numbers["error rate"]), float(numbers["average length"])
        )
    except KeyError as missing:
        raise ToolOutputError(f"{path}: the statistics of samtools hold no {missing}") from None


@dataclass(frozen=True)
class Window:
    """A stretch of the genome (0-based, end excluded) and the mean depth of reads over it."""

    contig: str
    start: int
    end: int
    depth: float


def read_depths(path: Path) -> list[Window]:
    """Read ``samtools bedcov`` over the windows of :func:`windows`."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        contig, start, end, bases = line.split("\t")[:4]
        found.append(Window(contig, int(start), int(end), int(bases) / (int(end) - int(start))))
    if not found:
        raise ToolOutputError(f"{path}: there is no depth in it")
    return found


Stretch = tuple[str, int, int]
"""Contig, start and end, as a BED has them."""


def windows(fai: Path, number: int = 240) -> list[Stretch]:
    """Cut the genome of a ``.fai`` into about ``number`` stretches, none of which crosses a contig's end."""
    contigs = _contigs(fai)
    return _cut(contigs, max(1, -(-sum(contigs.values()) // number)))


def pieces(fai: Path, number: int = 256, shortest: int = 500_000) -> list[list[Stretch]]:
    """Cut it into pieces of at most a ``number``-th, or ``shortest`` bases: part of a contig, or several short ones."""
    contigs = _contigs(fai)
    longest = max(shortest, -(-sum(contigs.values()) // number))
    found: list[list[Stretch]] = []
    filled = longest
    for stretch in _cut(contigs, longest):
        length = stretch[2] - stretch[1]
        if filled + length > longest:
            found.append([])
            filled = 0
        found[-1].append(stretch)
        filled += length
    return found


def _contigs(fai: Path) -> dict[str, int]:
    rows = [line.split("\t") for line in fai.read_text(encoding="utf-8").splitlines()]
    return {row[0]: int(row[1]) for row in rows}


def _cut(contigs: Mapping[str, int], step: int) -> list[Stretch]:
    return [
        (name, start, min(start + step, length)) for name, length in contigs.items() for start in range(0, length, step)
    ]


@dataclass(frozen=True)
class Use:
    """What a step used and had asked for: wall and CPU seconds, peak memory and ``mem_mib``, threads, MiB of input.

    Snakemake samples CPU and peak memory. ``asked_mib`` is 0 for a rule that names no memory.
    """

    step: str
    seconds: float
    cpu_seconds: float
    memory_mib: float
    asked_mib: float
    threads: int
    input_mib: float


def read_use(path: Path) -> Use:
    """Read a benchmark file of Snakemake; the step is its name."""
    header, values = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[:2])
    row = dict(zip(header, values, strict=True))
    seconds, cpu, memory = (float(row[name]) if row[name] != "NA" else 0.0 for name in ("s", "cpu_time", "max_rss"))
    # A run that was begun before these were written may be gone on with.
    asked = float(ast.literal_eval(row.get("resources", "{}")).get("mem_mib", 0))
    read = sum(ast.literal_eval(row.get("input_size_mb", "{}")).values())
    return Use(path.stem, seconds, cpu, memory, asked, int(row.get("threads", 1)), read)
