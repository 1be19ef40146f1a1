"""Sequencing runs of public archives: from their description to FASTQ and a sample sheet on the shared storage.

Written are, below ``active/<project>/``: the mates of each run, named as the catalogue names raw sequences, a manifest
``manifests/<accession>.json`` with where they come from, and ``samples.tsv``, which ``make pipeline`` takes.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipelines.ingest.download import USER_AGENT, Downloader, Fetched, Remote
from pipelines.ingest.problems import IngestError, Refused
from pipelines.naming import SampleName, catalogue
from pipelines.sequencing.run import MATES, write_atomically

SHEET_COLUMNS = ("sample", "project", "site", "fastq_1", "fastq_2", "md5_1", "md5_2", "aligner")


@dataclass(frozen=True)
class Archive:
    """Where data come from, and on what terms they may be used."""

    name: str
    licence: str
    terms: str


@dataclass(frozen=True)
class Mirrors:
    """Addresses below which an archive's files lie at the archive's own paths, in order of preference.

    They are tried after the archive, or instead of it.
    """

    bases: tuple[str, ...] = ()
    instead: bool = False

    def addresses(self, address: str) -> tuple[str, ...]:
        """The addresses of a file. Archives give them without a scheme, or with ``ftp``; all serve them by HTTPS."""
        own = f"https://{address.removeprefix('ftp://')}" if not address.startswith("http") else address
        path = own.split("://", 1)[1].partition("/")[2]
        others = tuple(f"{base.rstrip('/')}/{path}" for base in self.bases)
        return others if self.instead and others else (own, *others)


@dataclass(frozen=True)
class SequencingRun:
    """A paired run: its accession, its files in the archive, and what else the archive says of it.

    The files are the two mates, or one that holds both.
    """

    accession: str
    files: tuple[Remote, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where runs go: the root of the shared storage, and project and site of the names."""

    storage: Path
    project: str
    site: str

    @property
    def folder(self) -> Path:
        return self.storage / "active" / self.project

    def row(self, outcome: Outcome) -> SheetRow:
        """The row of a run that is here."""
        first, second = outcome.files
        return SheetRow(
            outcome.accession,
            (f"{self.project}/{first.path.name}", f"{self.project}/{second.path.name}"),
            (first.md5, second.md5),
        )

    def name(self, accession: str) -> SampleName:
        return SampleName(self.project, self.site, accession)

    def file_name(self, accession: str, mate: int) -> str:
        """Raises :class:`~pipelines.naming.BadName` for a project or site that the catalogue does not allow."""
        return catalogue().file_name("raw_sequence", self.name(accession), MATES[mate], "fastq.gz")


@dataclass(frozen=True)
class Outcome:
    """What came of a run: its files, or why there are none."""

    accession: str
    files: tuple[Fetched, ...] = ()
    reason: str = ""


Told = Callable[[str, int], None]
"""Called with a file's name and a number of bytes that have come."""


def fetch_mates(run: SequencingRun, place: Place, archive: Archive, downloader: Downloader, told: Told) -> Outcome:
    """Bring both mates here and write the manifest."""
    files = []
    for mate, remote in enumerate(run.files):
        name = place.file_name(run.accession, mate)
        files.append(downloader.fetch(remote, place.folder / name, lambda number, name=name: told(name, number)))  # type: ignore[misc]
    sources = [each.url or remote.urls[0] for each, remote in zip(files, run.files, strict=True)]
    write_manifest(run, place, archive, files, sources)
    return Outcome(run.accession, tuple(files))


def manifest_path(run: SequencingRun, place: Place) -> Path:
    return place.folder / "manifests" / f"{run.accession}.json"


def write_manifest(
    run: SequencingRun, place: Place, archive: Archive, files: list[Fetched], sources: list[str], **more: object
) -> None:
    """Write where the files of a run come from, unless nothing of it is new."""
    path = manifest_path(run, place)
    if path.is_file() and not any(each.url for each in files):
        return
    document = {
        "accession": run.accession,
        "archive": asdict(archive),
        "metadata": dict(run.metadata),
        "files": [
            {"file": each.path.name, "source": source, "bytes": each.size, "md5": each.md5, "sha256": each.sha256}
            for each, source in zip(files, sources, strict=True)
        ],
        **more,
        "fetched_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "tool": USER_AGENT,
    }
    write_atomically(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def fetch_runs(
    runs: Iterable[SequencingRun],
    place: Place,
    fetch: Callable[[SequencingRun], Outcome],
    stop: Callable[[], None],
    workers: int = 4,
) -> list[Outcome]:
    """Bring all runs here, several at a time; then write the sample sheet of those that are whole.

    An interruption calls ``stop``, which lets running fetches fail; what is whole by then gets its rows as well.
    """

    def fetch_one(run: SequencingRun) -> Outcome:
        try:
            return fetch(run)
        except IngestError as error:
            return Outcome(run.accession, reason="; ".join(error.problems))
        except OSError as error:  # a full disk, a storage that went away
            return Outcome(run.accession, reason=str(error))

    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(fetch_one, run) for run in runs]
        try:
            wait(futures)
        except KeyboardInterrupt:
            stop()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
            outcomes = [future.result() for future in futures if not future.cancelled()]
            if finished := [outcome for outcome in outcomes if outcome.files]:
                add_to_sheet(place, map(place.row, finished))
    return outcomes


@dataclass(frozen=True)
class SheetRow:
    """A sample of the sheet; the files are paths below ``active/``."""

    sample: str
    fastq: tuple[str, str]
    md5: tuple[str, str] = ("", "")


def add_to_sheet(place: Place, samples: Iterable[SheetRow]) -> Path:
    """Write these rows into ``active/<project>/samples.tsv``; other rows stay, and what people wrote into these."""
    sheet = place.folder / "samples.tsv"
    rows: dict[str, dict[str, str]] = {}
    columns = list(SHEET_COLUMNS)
    if sheet.is_file():
        reader = csv.DictReader(sheet.read_text(encoding="utf-8").splitlines(), delimiter="\t")
        columns = [*(reader.fieldnames or []), *(name for name in columns if name not in (reader.fieldnames or []))]
        rows = {row["sample"]: row for row in reader}
    for each in samples:
        rows[each.sample] = rows.get(each.sample, {}) | {
            "sample": each.sample,
            "project": place.project,
            "site": place.site,
            "fastq_1": each.fastq[0],
            "fastq_2": each.fastq[1],
            "md5_1": each.md5[0],
            "md5_2": each.md5[1],
        }
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter="\t", lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows.values())
    write_atomically(sheet, text.getvalue())
    return sheet


def described(accession: str, urls: tuple[str, ...], size: object, md5: object) -> Remote:
    """A file as an archive describes it; the size may be missing (``None``).

    Raises:
        Refused: its MD5 or its size is none, so that it could not be told whether the file is whole.
    """
    if not re.fullmatch(r"[0-9a-fA-F]{32}", str(md5)):
        raise Refused(f"{accession}: the archive's MD5 of a file is none ({str(md5)[:40]!r})")
    if size is not None and not (str(size).isascii() and str(size).isdecimal()):
        raise Refused(f"{accession}: the archive's size of a file is no number ({str(size)[:40]!r})")
    return Remote(urls, None if size is None else int(str(size)), str(md5).lower())


def paired(accession: str, files: list[Remote]) -> tuple[Remote, Remote]:
    """The two mates among a run's files.

    Archives list a third file, of reads without a mate, before or after the pair; mates end in ``_1`` and ``_2``.

    Raises:
        Refused: there is no pair.
    """
    if not files:
        raise Refused(f"{accession}: the archive has no FASTQ of it")
    mates = {
        mate: each
        for each in files
        for mate in ("1", "2")
        if each.urls[0].rsplit("/", 1)[-1].endswith((f"_{mate}.fastq.gz", f"_{mate}.fq.gz"))
    }
    if set(mates) != {"1", "2"}:
        raise Refused(f"{accession}: its reads are not paired ({len(files)} file); the pipeline takes pairs")
    return mates["1"], mates["2"]
