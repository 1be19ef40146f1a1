"""The European Nucleotide Archive: metadata from its portal, FASTQ with their MD5 (https://ena-docs.readthedocs.io)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping

import httpx

from pipelines.ingest.download import Downloader
from pipelines.ingest.problems import IngestError, Refused
from pipelines.ingest.reads import Archive, Mirrors, SequencingRun, described, paired

PORTAL = "https://www.ebi.ac.uk/ena/portal/api"
ARCHIVE = Archive(
    "European Nucleotide Archive (EMBL-EBI)",
    "free and unrestricted use, to be cited by accession (INSDC policy)",
    "https://www.insdc.org/policy/",
)
# Study, experiment, sample and run, of ENA, SRA and DDBJ, and BioProject and BioSample.
ACCESSION = re.compile(r"PRJ(EB|NA|DB)\d+|[EDS]R[PXSR]\d{6,}|SAM(EA|N|D)\d+")
FIELDS = (
    "run_accession", "experiment_accession", "sample_accession", "study_accession", "scientific_name", "tax_id",
    "sample_title", "library_layout", "library_strategy", "instrument_platform", "instrument_model", "base_count",
    "read_count", "first_public", "fastq_ftp", "fastq_md5", "fastq_bytes", "submitted_ftp",
)  # fmt: skip
_FILES = ("fastq_ftp", "fastq_md5", "fastq_bytes", "submitted_ftp")


def check_accessions(accessions: Iterable[str]) -> list[str]:
    """The accessions, each once; raises :class:`IngestError` naming what is none."""
    wanted = list(dict.fromkeys(each.strip() for each in accessions if each.strip()))
    if not wanted:
        raise IngestError("there is no accession; give one or more, for example SRR2584863")
    if strange := [each for each in wanted if not ACCESSION.fullmatch(each)]:
        raise IngestError(*(f"{each} is no accession of ENA, SRA or DDBJ (like SRR2584863)" for each in strange))
    return wanted


def find_runs(
    accessions: Iterable[str], downloader: Downloader, portal: str = PORTAL, mirrors: Mirrors | None = None
) -> tuple[list[SequencingRun], list[Refused]]:
    """The paired runs below the accessions (a study has many), and what is below them that the pipeline cannot take.

    Args:
        accessions: of studies, samples, experiments or runs.
        portal: the address of the portal's API.
        mirrors: where else the archive's files are.

    Raises:
        IngestError: an accession is none, or the portal does not answer as it is documented to.
    """
    runs: dict[str, SequencingRun] = {}
    refused = []
    for accession in check_accessions(accessions):
        rows = _rows(accession, downloader, portal)
        if not rows:
            refused.append(Refused(f"{accession}: the archive knows no public run of it"))
        for row in rows:
            try:
                runs.setdefault(row["run_accession"], _run(row, mirrors or Mirrors()))
            except Refused as reason:
                refused.append(reason)
    return list(runs.values()), refused


def _rows(accession: str, downloader: Downloader, portal: str) -> list[dict[str, str]]:
    parameters = {
        "accession": accession, "result": "read_run", "fields": ",".join(FIELDS), "format": "tsv", "limit": "0",
    }  # fmt: skip
    response = downloader.get(f"{portal}/filereport", parameters)
    if response.status_code == httpx.codes.NO_CONTENT:
        return []
    reader = csv.DictReader(response.text.splitlines(), delimiter="\t")
    absent = {"run_accession", *_FILES[:3]} - set(reader.fieldnames or [])
    if absent:
        raise IngestError(f"{response.url}: the answer is no file report, it has no column {', '.join(sorted(absent))}")
    rows = list(reader)
    if any(None in row.values() or None in row for row in rows):
        raise IngestError(f"{response.url}: the file report is cut off; try again")
    return rows


def _run(row: Mapping[str, str], mirrors: Mirrors) -> SequencingRun:
    accession = row["run_accession"]
    columns = [[each for each in row[name].split(";") if each] for name in _FILES[:3]]
    if len({len(column) for column in columns}) != 1:
        raise Refused(f"{accession}: the archive lists another number of files than of checksums")
    if not columns[0] and row.get("submitted_ftp"):
        raise Refused(f"{accession}: the archive has only what was submitted ({row['submitted_ftp']}), no FASTQ")
    files = [described(accession, mirrors.addresses(path), size, md5) for path, md5, size in zip(*columns, strict=True)]
    metadata = {name: row[name] for name in FIELDS if name not in _FILES and row.get(name)}
    return SequencingRun(accession, paired(accession, files), metadata)
