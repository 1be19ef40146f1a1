"""Reads onto the shared storage: from archives, and by a laboratory's sheet."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from pipelines.ingest import ena, genome, igsr, lims, sra
from pipelines.ingest.download import Downloader, Manners
from pipelines.ingest.problems import IngestError, Refused
from pipelines.ingest.reads import (
    Archive,
    Mirrors,
    Outcome,
    Place,
    SequencingRun,
    SheetRow,
    Told,
    add_to_sheet,
    fetch_mates,
    fetch_runs,
)
from pipelines.sequencing.status import EXIT_BAD_DATA
from scripts.talk import EXIT_FAILURE

Found = tuple[list[SequencingRun], list[Refused]]
Fetch = Callable[[SequencingRun, Place, Downloader, Told], Outcome]


def names_of(arguments: Iterable[str]) -> list[str]:
    """The names on the command line, with ``@file`` replaced by its lines; raises :class:`IngestError`."""
    names = []
    for each in arguments:
        if each.startswith("@"):
            try:
                names += Path(each[1:]).read_text(encoding="utf-8").split()
            except (OSError, UnicodeDecodeError) as error:
                raise IngestError(f"{each[1:]}: not readable as a list of names: {error}") from None
        else:
            names.append(each)
    return names


class Display:
    """Shows what comes: bars on a terminal, one line for each finished file elsewhere."""

    def __init__(self, console: Console) -> None:
        self.progress = Progress(
            TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=console
        )
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def expect(self, name: str, size: int | None) -> None:
        self._tasks[name] = self.progress.add_task(name, total=size)

    def told(self, name: str, number: int) -> None:
        with self._lock:
            self.progress.advance(self._tasks[name], number)


@dataclass(frozen=True)
class Source:
    """Where data come from: what it is, its terms, and how its runs are found and fetched."""

    what: str
    archive: Archive
    find: Callable[[argparse.Namespace, Downloader], Found]
    fetch: Fetch
    interval: Callable[[], float] = lambda: 0.1


def bring(source: Source, arguments: argparse.Namespace, place: Place, downloader: Downloader, console: Console) -> int:
    """Find the runs, fetch them, say what came of it; returns the exit code."""
    runs, refused = source.find(arguments, downloader)
    for reason in refused:
        console.print(f"not taken: {reason}", style="yellow", highlight=False, markup=False, soft_wrap=True)
    display = Display(console)
    for run in runs:
        for mate, remote in enumerate(run.files):
            display.expect(place.file_name(run.accession, mate), remote.size)

    def fetch(run: SequencingRun) -> Outcome:
        return source.fetch(run, place, downloader, display.told)

    with display.progress if console.is_terminal else nullcontext():
        outcomes = fetch_runs(runs, place, fetch, downloader.stop, arguments.connections)
    for outcome in outcomes:
        _say(outcome, console)
    if any(outcome.files for outcome in outcomes):
        console.print(f"the sample sheet is {place.folder / 'samples.tsv'}", highlight=False, soft_wrap=True)
    if any(not outcome.files for outcome in outcomes):
        return EXIT_FAILURE
    return EXIT_BAD_DATA if refused else 0


def register(arguments: argparse.Namespace, place: Place, console: Console) -> int:
    """Put the samples of a laboratory's sheet into the pipeline's; returns the exit code."""
    active = place.storage / "active"
    reads = (active / arguments.reads).resolve()
    if not reads.is_dir() or not reads.is_relative_to(active):
        raise IngestError(f"--reads {arguments.reads}: there is no such folder below {active}")
    pairs, refused = lims.find_pairs(lims.read_sheet(arguments.sheet), active, reads)
    for reason in refused:
        console.print(f"not taken: {reason}", style="yellow", highlight=False, markup=False, soft_wrap=True)
    if pairs:
        place.folder.mkdir(exist_ok=True)
        sheet = add_to_sheet(place, (SheetRow(pair.sample, pair.fastq) for pair in pairs))
        console.print(f"{len(pairs)} samples; the sample sheet is {sheet}", highlight=False, soft_wrap=True)
    return EXIT_BAD_DATA if refused else 0


def _say(outcome: Outcome, console: Console) -> None:
    if not outcome.files:
        console.print(
            f"{outcome.accession}: {outcome.reason}", style="red", highlight=False, markup=False, soft_wrap=True
        )
    for file in outcome.files:
        came = "was here already" if not file.url else f"from {file.url}"
        resumed = f", went on from byte {file.resumed_from}" if file.resumed_from else ""
        console.print(f"{file.path.name}: {file.size} bytes, {came}{resumed}", highlight=False, soft_wrap=True)


def _ena(arguments: argparse.Namespace, downloader: Downloader) -> Found:
    mirrors = Mirrors(tuple(arguments.mirror), arguments.mirrors_only)
    return ena.find_runs(names_of(arguments.names), downloader, arguments.server or ena.PORTAL, mirrors)


def _igsr(arguments: argparse.Namespace, downloader: Downloader) -> Found:
    if not arguments.accept_terms:
        raise IngestError(f"{igsr.READ_TERMS}, then give --accept-terms (make ingest: ACCEPT_TERMS=1)")
    mirrors = Mirrors(tuple(arguments.mirror), arguments.mirrors_only)
    return igsr.find_runs(names_of(arguments.names), downloader, arguments.server or igsr.HGDP, mirrors)


def _sra(arguments: argparse.Namespace, downloader: Downloader) -> Found:
    mirrors = Mirrors(tuple(arguments.mirror), arguments.mirrors_only)
    servers = sra.Servers(arguments.server, arguments.server) if arguments.server else sra.Servers()
    return sra.find_runs(names_of(arguments.names), downloader, servers, mirrors)


def _mates_of(archive: Archive) -> Fetch:
    return lambda run, place, downloader, told: fetch_mates(run, place, archive, downloader, told)


SOURCES = {
    "ena": Source(
        "runs, samples, experiments or studies of ENA, SRA and DDBJ, as FASTQ of the ENA",
        ena.ARCHIVE, _ena, _mates_of(ena.ARCHIVE),
    ),
    "igsr": Source(
        "samples or runs of a collection of the IGSR, HGDP by default", igsr.ARCHIVE, _igsr, _mates_of(igsr.ARCHIVE)
    ),
    "sra": Source(
        "runs, samples, experiments or studies of the SRA, made into FASTQ here (where the ENA has none)",
        sra.ARCHIVE, _sra, sra.fetch_and_convert, sra.seconds_between_requests,
    ),
}  # fmt: skip


def onto_the_storage(arguments: argparse.Namespace, console: Console) -> int:
    """What the arguments ask for, onto the shared storage; returns the exit code."""
    place = Place(arguments.storage.resolve(), arguments.project, arguments.site)
    if not (place.storage / "active").is_dir():
        raise IngestError(f"--storage {place.storage}: there is no directory active in it; is this the shared storage?")
    place.file_name("S1", 0)
    if arguments.source == "lims":
        return register(arguments, place, console)
    if arguments.connections < 1 or arguments.timeout <= 0:
        raise IngestError("--connections and --timeout must be above 0")
    source = SOURCES[arguments.source]
    manners = Manners(connections=arguments.connections, timeout=arguments.timeout, interval=source.interval())
    with Downloader(manners) as downloader:
        if arguments.reference:
            _bring_genome(arguments, place, downloader, console)
        return bring(source, arguments, place, downloader, console)


def _bring_genome(arguments: argparse.Namespace, place: Place, downloader: Downloader, console: Console) -> None:
    """The reference first: reads without one wait, a reference without reads serves the next ones."""
    mirrors = Mirrors(tuple(arguments.mirror), arguments.mirrors_only)
    found = genome.find_genome(arguments.reference, downloader, arguments.reference_server or genome.SERVER, mirrors)
    display = Display(console)
    display.expect(found.file_name, found.remote.size)
    with display.progress if console.is_terminal else nullcontext():
        path = genome.fetch_genome(found, place.storage, downloader, display.told)
    console.print(f"the reference is {path}", highlight=False, soft_wrap=True)
    written = genome.write_config(place.folder, found, arguments.toolchain)
    kept = place.folder / "config.yaml"
    console.print(f"{kept} is written" if written else f"{kept} was there and is left", highlight=False, soft_wrap=True)
