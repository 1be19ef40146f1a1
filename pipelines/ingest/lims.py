"""Sample sheets of a sequencing laboratory: which FASTQ belongs to which sample, as rows that the pipeline takes.

Read are Illumina's sheets, version 1 (``[Data]``) and 2 (``[BCLConvert_Data]``), and plain CSV with the columns of
these. The files are those that bcl2fastq and BCL Convert write, named
``<Sample_ID or Sample_Name>_S<n>[_L00<lane>]_R<1|2>_001.fastq.gz`` (https://support-docs.illumina.com/SW/BCL_Convert_v4.0/Content/SW/BCLConvert/FASTQFiles.htm).
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from sample_sheet import SampleSheet
from samshee.samplesheetv2 import read_samplesheetv2

from pipelines.ingest.problems import IngestError, Refused
from pipelines.naming import SAMPLE

LEAST_DISTANCE = 3
"""Two indexes that differ in fewer bases can be taken for each other, with the one mismatch that BCL Convert allows."""
_FASTQ = re.compile(r"(?P<name>.+)_S\d+(_L(?P<lane>\d{3}))?_R(?P<mate>[12])_001\.fastq\.gz")


@dataclass(frozen=True)
class LabSample:
    """A row of a sheet. ``lane`` and ``name`` are empty where the sheet has none; ``indexes`` has none, one or two."""

    id: str
    name: str
    lane: str
    indexes: tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """A sample with its mates, as paths below ``active/``."""

    sample: str
    fastq: tuple[str, str]


def read_sheet(path: Path) -> list[LabSample]:
    """The rows of a sheet, whichever of the three forms it has; raises :class:`IngestError`."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise IngestError(f"{path}: not readable: {error.strerror}") from None
    except UnicodeDecodeError:
        raise IngestError(f"{path}: this is not UTF-8 text; save the sheet as CSV UTF-8") from None
    lines = [line.rstrip() for line in text.splitlines()]
    sections = {match[1] for line in lines if (match := re.match(r"\[(\w+)\],*$", line))}
    try:
        if "BCLConvert_Data" in sections:
            rows = read_samplesheetv2(io.StringIO("\n".join(lines) + "\n")).applications["BCLConvert"]["data"]
        elif "Data" in sections:
            rows = [sample.to_json() for sample in SampleSheet(io.StringIO("\n".join(lines) + "\n")).samples]
        elif sections:
            raise IngestError(f"{path}: there is no section [Data] or [BCLConvert_Data] in it")
        else:
            rows = list(csv.DictReader(lines))
    except IngestError:
        raise
    except Exception as error:  # each library has errors of its own kinds, among them bare KeyErrors
        raise IngestError(f"{path}: not a sample sheet of Illumina: {type(error).__name__} {error}") from None
    if not rows:
        raise IngestError(f"{path}: there is no sample in it")
    if "Sample_ID" not in rows[0]:
        raise IngestError(f"{path}: there is no column Sample_ID; its columns are {', '.join(map(str, rows[0]))}")
    return [_lab_sample(row) for row in rows]


def _lab_sample(row: Mapping[str, object]) -> LabSample:
    def text(*names: str) -> str:
        return next((str(row[name]).strip() for name in names if row.get(name) not in (None, "")), "")

    indexes = tuple(each.upper() for each in (text("Index", "index"), text("Index2", "index2")) if each)
    return LabSample(text("Sample_ID"), text("Sample_Name"), text("Lane", "lane"), indexes)


def find_pairs(samples: list[LabSample], active: Path, reads: Path) -> tuple[list[Pair], list[Refused]]:
    """The samples whose two files lie below ``reads`` (a folder below ``active``), and why the others are not taken."""
    refused = {**_bad_names(samples), **_close_indexes(samples)}
    files: dict[str, dict[str, list[Path]]] = defaultdict(lambda: {"1": [], "2": []})
    for path in sorted(reads.rglob("*.fastq.gz")):
        if match := _FASTQ.fullmatch(path.name):
            files[match["name"]][match["mate"]].append(path)
    pairs = []
    for sample in {each.id: each for each in samples}.values():
        if sample.id in refused:
            continue
        mates = files.get(sample.id) or files.get(sample.name) or {"1": [], "2": []}
        numbers = {mate: len(found) for mate, found in mates.items()}
        if numbers == {"1": 1, "2": 1}:
            first, second = (mates[mate][0].relative_to(active).as_posix() for mate in ("1", "2"))
            pairs.append(Pair(sample.id, (first, second)))
        elif max(numbers.values()) > 1:
            refused[sample.id] = (
                f"{sample.id}: {max(numbers.values())} files for a mate; write one for all lanes "
                "(bcl-convert --no-lane-splitting true) or join them"
            )
        else:
            refused[sample.id] = f"{sample.id}: {sum(numbers.values())} of its two files are below {reads}"
    return pairs, [Refused(reason) for _, reason in sorted(refused.items())]


def _bad_names(samples: list[LabSample]) -> dict[str, str]:
    found = {
        each.id: f"{each.id or '(a row without Sample_ID)'}: a sample's name holds letters, digits and single hyphens, "
        "at most 64; rename it in the sheet and the files"
        for each in samples
        if not SAMPLE.fullmatch(each.id) or len(each.id) > 64
    }
    seen: set[tuple[str, str]] = set()
    for each in samples:
        if (each.id, each.lane) in seen:
            found[each.id] = f"{each.id}: it is there twice{f' in lane {each.lane}' if each.lane else ''}"
        seen.add((each.id, each.lane))
    return found


def _close_indexes(samples: list[LabSample]) -> dict[str, str]:
    """Both samples of each two in a lane whose indexes are too near: reads of one may be in the files of the other."""
    found = {}
    for ours, theirs in _neighbours(samples):
        distances = [
            sum(a != b for a, b in zip(one, other, strict=False))
            for one, other in zip(ours.indexes, theirs.indexes, strict=False)
        ]
        if distances and max(distances) < LEAST_DISTANCE:
            for one, other in ((ours, theirs), (theirs, ours)):
                found[one.id] = (
                    f"{one.id}: no index of it differs from that of {other.id} in {LEAST_DISTANCE} bases; reads of one "
                    "may be in the other's files"
                )
    return found


def _neighbours(samples: list[LabSample]) -> Iterator[tuple[LabSample, LabSample]]:
    for ours, theirs in combinations(samples, 2):
        if ours.id != theirs.id and (ours.lane == theirs.lane or "" in (ours.lane, theirs.lane)):
            yield ours, theirs
