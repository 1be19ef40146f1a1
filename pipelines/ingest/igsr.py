"""The International Genome Sample Resource: collections like HGDP by their sequence index, FASTQ of the ENA.

An index is tab separated, with lines of explanation that begin with ``##`` and a header that begins with ``#``; the
mates of a run are rows of their own (https://www.internationalgenome.org/category/ftp/).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable

from pipelines.ingest.download import Downloader, Remote
from pipelines.ingest.problems import IngestError, Refused
from pipelines.ingest.reads import Archive, Mirrors, SequencingRun, described, paired

HGDP = "https://ftp.1000genomes.ebi.ac.uk/vol1/ftp/data_collections/HGDP/hgdp_wgs.sequence.index"
ARCHIVE = Archive(
    "International Genome Sample Resource (EMBL-EBI)",
    "open, on the terms of the data reuse statement of the collection",
    "https://www.internationalgenome.org/IGSR_disclaimer",
)
READ_TERMS = f"{ARCHIVE.name}: read the terms at {ARCHIVE.terms} and the data reuse statement beside the index"
"""What is said to who has not accepted them."""
_FILE, _MD5, _RUN = "ENA_FILE_PATH", "MD5SUM", "RUN_ID"
_METADATA = (
    "STUDY_ID", "STUDY_NAME", "CENTER_NAME", "SAMPLE_ID", "SAMPLE_NAME", "POPULATION", "EXPERIMENT_ID",
    "INSTRUMENT_PLATFORM", "INSTRUMENT_MODEL", "LIBRARY_NAME", "READ_COUNT", "BASE_COUNT",
)  # fmt: skip


def find_runs(
    wanted: Iterable[str], downloader: Downloader, index: str = HGDP, mirrors: Mirrors | None = None
) -> tuple[list[SequencingRun], list[Refused]]:
    """The paired runs of samples (``HGDP00001``) or of single runs (``ERR...``), and what is no pair.

    Raises:
        IngestError: the index is not as it is documented, or the server does not answer.
    """
    names = list(dict.fromkeys(each.strip() for each in wanted if each.strip()))
    if not names:
        raise IngestError("there is no sample; give one or more, for example HGDP00001")
    files: dict[str, list[Remote]] = {}
    unusable: dict[str, Refused] = {}
    metadata: dict[str, dict[str, str]] = {}
    known: set[str] = set()
    for row in _rows(downloader.get(index).text, index):
        own = {row[_RUN], row.get("SAMPLE_NAME", ""), row.get("SAMPLE_ID", "")} & set(names)
        if own:
            known |= own
            try:
                remote = described(row[_RUN], (mirrors or Mirrors()).addresses(row[_FILE]), None, row[_MD5])
            except Refused as reason:
                unusable[row[_RUN]] = reason
                continue
            listed = files.setdefault(row[_RUN], [])
            if remote not in listed:  # an index may name a file twice
                listed.append(remote)
            metadata[row[_RUN]] = {name.lower(): row[name] for name in _METADATA if row.get(name)}
    refused = [Refused(f"{name}: the index does not name it") for name in names if name not in known]
    refused += unusable.values()
    runs = []
    for accession, listed in files.items():
        if accession in unusable:
            continue
        try:
            runs.append(SequencingRun(accession, paired(accession, listed), metadata[accession]))
        except Refused as reason:
            refused.append(reason)
    return runs, refused


def _rows(text: str, index: str) -> Iterable[dict[str, str]]:
    lines = [line for line in text.splitlines() if line and not line.startswith("##")]
    if not lines or not lines[0].startswith("#"):
        raise IngestError(f"{index}: this is no sequence index, it has no header line that begins with #")
    header = [name.strip() for name in lines[0][1:].split("\t")]
    absent = {_FILE, _MD5, _RUN} - set(header)
    if absent:
        raise IngestError(f"{index}: this is no sequence index, it has no column {', '.join(sorted(absent))}")
    for row in csv.DictReader(lines[1:], header, delimiter="\t", quoting=csv.QUOTE_NONE):
        if any(not row.get(name) for name in (_FILE, _MD5, _RUN)):
            raise IngestError(f"{index}: a row has no {_FILE}, {_MD5} or {_RUN}; the index is cut off, try again")
        yield {name: (value or "").strip() for name, value in row.items() if name}
