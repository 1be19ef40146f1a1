"""Puts the finished files of a sample below ``published/``, named by the catalogue, for the transfer to the data lake.

* A file appears whole: it is written as ``*.part``, which the transfer leaves out, and renamed.
* A file that is there already with the same content is not touched, so that nothing is transferred twice. FastQC and
  Picard write the date into their files; when the *recipe* (input, reference, parameters, tools, workflow) is the one
  that made the published files, these are kept, though the bytes of the new ones differ.
* What this workflow made is hard-linked, which writes no data. The FASTQ is copied: a later change in place below
  ``active/`` must not reach the archive.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.naming import catalogue
from pipelines.sequencing.run import MATES, Run, read_object, to_json, write_atomically
from pipelines.sequencing.sample import Sample
from pipelines.sequencing.status import BadData
from pipelines.sequencing.steps.reference import sha256_of
from pipelines.sequencing.steps.run_page import Page

WORKFLOW = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Planned:
    """A file to publish: where it lies now and its key below ``published/``.

    ``is_raw``: as it was delivered. ``is_measured``: made by a tool, before the summary.
    """

    source: Path
    key: str
    is_raw: bool = False
    is_measured: bool = False


@dataclass(frozen=True)
class PublishedFile:
    """A file below ``published/``. ``written`` is false when it was there already."""

    key: str
    bytes: int
    sha256: str
    written: bool


def plan(run: Run, sample_id: str) -> list[Planned]:
    """Every file that a finished sample publishes, except the provenance manifest."""
    sample, directory, names = run.sample(sample_id), run.sample_directory(sample_id), catalogue()

    def key(data_class: str, part: str, extension: str) -> str:
        return names.key(data_class, sample.name, part, extension)

    planned = [
        Planned(run.fastq(sample_id, mate), key("raw_sequence", name, "fastq.gz"), is_raw=True)
        for mate, name in enumerate(MATES)
    ]
    measured = _of_fast_tools(sample) if run.is_fast else _of_classic_tools(sample)
    for aligner in sample.aligners:
        measured += [
            (f"{aligner}/aligned.{extension}", "aligned_reads", aligner, extension) for extension in run.reads_format
        ]
        measured += [
            (f"{aligner}/stats.txt", "quality_report", f"{aligner}-stats", "txt"),
            (f"{aligner}/flagstat.json", "quality_report", f"{aligner}-flagstat", "json"),
            (f"{aligner}/duplicates.txt", "quality_report", f"{aligner}-duplicates", "txt"),
            (f"{aligner}/variants.vcf.gz", "variant_calls", aligner, "vcf.gz"),
            (f"{aligner}/variants.vcf.gz.tbi", "variant_calls", aligner, "vcf.gz.tbi"),
            (f"{aligner}/variants.txt", "quality_report", f"{aligner}-variants", "txt"),
        ]
        if sample.truth:
            measured.append((f"{aligner}/accuracy.json", "quality_report", f"{aligner}-accuracy", "json"))
    planned += [
        Planned(directory / source, key(data_class, part, extension), is_measured=True)
        for source, data_class, part, extension in measured
    ]
    for extension in ("json", "yaml", "csv"):
        planned.append(Planned(directory / f"summary.{extension}", key("processed_genome", "summary", extension)))
    planned.append(Planned(directory / "report.html", key("processed_genome", "report", "html")))
    return planned


def _of_classic_tools(sample: Sample) -> list[tuple[str, str, str, str]]:
    """(path below the sample's directory, data class, part, extension) of what only this toolchain makes."""
    files = [
        (f"fastqc/{sample.id}_{stage}-{mate}_fastqc.{extension}", "quality_report", f"fastqc-{stage}-{mate}", extension)
        for stage in ("raw", "trimmed")
        for mate in MATES
        for extension in ("html", "zip")
    ]
    files.append(("trimmed/summary.txt", "quality_report", "trimming", "txt"))
    for aligner in sample.aligners:
        for name in ("alignment", "validation"):
            files.append((f"{aligner}/{name}.txt", "quality_report", f"{aligner}-{name}", "txt"))
    return files


def _of_fast_tools(sample: Sample) -> list[tuple[str, str, str, str]]:
    """As above. fastp does the same to the reads whichever aligner they go to, so its report of the first is enough."""
    first = sample.aligners[0]
    return [(f"{first}/fastp.{extension}", "quality_report", "fastp", extension) for extension in ("html", "json")]


def manifest_key(run: Run, sample_id: str) -> str:
    return catalogue().key("processed_genome", run.sample(sample_id).name, "provenance", "json")


def workflow_sha256() -> str:
    """One checksum over the sources of the workflow: two runs with the same one did the same."""
    digest = hashlib.sha256()
    sources = [
        *WORKFLOW.rglob("*.py"),
        *WORKFLOW.rglob("*.j2"),
        *WORKFLOW.rglob("*.css"),
        *WORKFLOW.rglob("*.smk"),
        WORKFLOW / "workflow" / "Snakefile",
    ]
    for path in sorted(sources):
        digest.update(f"{path.relative_to(WORKFLOW)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def publish(run: Run, sample_id: str, checked: dict[str, Any], versions: dict[str, str]) -> list[PublishedFile]:
    """Publish a sample and its provenance manifest.

    Raises:
        BadData: the FASTQ is no longer the one that was checked.
    """
    made_from = {
        "input": checked["files"],
        "reference": {"name": run.reference["name"], "sha256": run.reference["sha256"]},
        "parameters": run.parameters,
        "aligners": list(run.sample(sample_id).aligners),
        "truth": [run.sample(sample_id).truth, run.sample(sample_id).truth_regions],
        "tools": versions,
        "workflow_sha256": workflow_sha256(),
    }
    recipe = hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
    manifest = run.published / manifest_key(run, sample_id)
    former = read_object(manifest)  # nothing when it cannot be read: then all is compared
    former_sums = {file["key"]: file["sha256"] for file in former.get("files", []) if former.get("recipe") == recipe}
    raw_sums = {mate: file["sha256"] for mate, file in enumerate(checked["files"])}
    files = []
    for index, planned in enumerate(plan(run, sample_id)):
        expected = raw_sums[index] if planned.is_raw else sha256_of(planned.source)
        files.append(_publish_one(run, planned, expected, former_sums.get(planned.key)))
    if former.get("recipe") == recipe and not any(file.written for file in files):
        text = manifest.read_text(encoding="utf-8")
        written = False
    else:
        document = {
            "sample": sample_id,
            "recipe": recipe,
            **made_from,
            "run": run.id,
            "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "files": [{name: value for name, value in asdict(file).items() if name != "written"} for file in files],
        }
        text = to_json(document)
        part = _part(run, manifest)
        part.write_text(text, encoding="utf-8")
        _finish(part, manifest)
        written = True
    raw = text.encode()
    return [*files, PublishedFile(manifest_key(run, sample_id), len(raw), hashlib.sha256(raw).hexdigest(), written)]


def publish_page(run: Run, page: Page) -> Path:
    """Publish the page of a run, unless it is there as it is; returns where it lies."""
    target = run.published / page.key
    if not target.is_file() or target.read_text(encoding="utf-8") != page.html:
        part = _part(run, target)
        part.write_text(page.html, encoding="utf-8")
        _finish(part, target)
    return target


def _part(run: Run, target: Path) -> Path:
    """Where a file is written; of this run alone, so that its next start replaces what a kill left."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{target.name}.{run.id}.part")


def _publish_one(run: Run, planned: Planned, expected: str, former: str | None) -> PublishedFile:
    target = run.published / planned.key
    if target.is_file() and (found := sha256_of(target)) in {expected, former}:
        return PublishedFile(planned.key, target.stat().st_size, found, written=False)
    part = _part(run, target)
    part.unlink(missing_ok=True)
    if planned.is_raw:
        if _copy(planned.source, part) != expected:
            part.unlink()
            raise BadData(f"{planned.source.name}: it changed after it was checked; run again when it is complete")
    else:
        try:
            os.link(planned.source, part)
        except OSError:  # another file system or access point
            _copy(planned.source, part)
    _finish(part, target)
    return PublishedFile(planned.key, target.stat().st_size, expected, written=True)


def _copy(source: Path, target: Path) -> str:
    """Copy the bytes and return their SHA-256."""
    digest = hashlib.sha256()
    with source.open("rb") as file, target.open("wb") as out:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            out.write(chunk)
    return digest.hexdigest()


def _finish(part: Path, target: Path) -> None:
    """Bring the bytes to the disk, then rename: a power cut leaves the old file or the new one."""
    descriptor = os.open(part, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    part.replace(target)


def write_published(path: Path, files: list[PublishedFile]) -> None:
    write_atomically(path, to_json({"files": [asdict(file) for file in files]}))
