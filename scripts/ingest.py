"""Bring data from elsewhere onto the shared storage (``make ingest``).

    python -m scripts.ingest ena  --storage DIR --project P --site S ACCESSION...
    python -m scripts.ingest sra  --storage DIR --project P --site S ACCESSION...
    python -m scripts.ingest igsr --storage DIR --project P --site S --accept-terms SAMPLE...
    python -m scripts.ingest fhir --server URL --bucket LAKE --project P --site S ... (--help)
    python -m scripts.ingest lims --storage DIR --project P --site S --reads FOLDER SHEET

What to bring can also be a file with one name a line: ``@list.txt``. Starting again goes on where it stopped. Exit
codes: 0 all is here, 65 the source has nothing that can be taken for a name, 1 something could not be fetched, 2 wrong
usage or a source that does not answer, 130 interrupted.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from pipelines.ingest import ena, igsr, lims, sra
from pipelines.ingest.download import Downloader, Manners
from pipelines.ingest.hospital.deidentify import Pseudonyms
from pipelines.ingest.hospital.fhir import Server, Sync
from pipelines.ingest.hospital.sink import Lake, Quarantine
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
from pipelines.naming import BadName
from pipelines.sequencing.status import EXIT_BAD_DATA
from scripts.talk import EXIT_FAILURE, EXIT_USAGE, run_program

EXIT_INTERRUPTED = 130
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
    interval: float = 0.1


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
        outcomes = fetch_runs(runs, place, fetch, arguments.connections)
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


def synchronise(arguments: argparse.Namespace, console: Console) -> int:
    """Bring over what has changed in a hospital's FHIR server; returns the exit code."""
    pseudonyms = Pseudonyms(_secret(arguments.pseudonyms), arguments.project)
    token = _secret(arguments.token).decode("utf-8").strip()
    lake = Lake(boto3.client("s3"), arguments.bucket, arguments.project, arguments.site, arguments.kms_key)
    try:
        lake.key("0")
    except BadName as error:
        raise IngestError(str(error)) from None
    manners = Manners(connections=1, timeout=arguments.timeout, interval=0.0)
    with Downloader(manners, headers={"Authorization": f"Bearer {token}", "Accept": "application/fhir+json"}) as asked:
        sync = Sync(
            Server(arguments.server, asked), lake, pseudonyms, Quarantine(arguments.quarantine), arguments.state
        )
        tally = sync.run()
    console.print(f"patients: {tally.written} written, {tally.unchanged} unchanged", highlight=False)
    for reason, number in tally.refused.most_common():
        console.print(f"refused {number}: {reason}", style="yellow", highlight=False, markup=False, soft_wrap=True)
    if tally.refused:
        console.print(f"the refused records are in {arguments.quarantine}", highlight=False, soft_wrap=True)
    return EXIT_BAD_DATA if tally.refused else 0


def _secret(place: str) -> bytes:
    """The content of a file, or of a secret of AWS Secrets Manager by its ARN; raises :class:`IngestError`."""
    try:
        if not place.startswith("arn:"):
            return Path(place).read_bytes()
        answer = boto3.client("secretsmanager").get_secret_value(SecretId=place)
    except (OSError, BotoCoreError, ClientError) as error:
        raise IngestError(f"the secret {place} cannot be read: {error}") from None
    binary: bytes | None = answer.get("SecretBinary")
    return binary if binary is not None else str(answer["SecretString"]).encode()


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
        raise IngestError(
            f"{igsr.ARCHIVE.name}: read the terms at {igsr.ARCHIVE.terms} and the data reuse statement beside the "
            "index, then give --accept-terms"
        )
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
        sra.ARCHIVE, _sra, sra.fetch_and_convert, sra.REQUESTS_APART,
    ),
}  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.ingest", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sources = parser.add_subparsers(dest="source", required=True)
    for name, each in SOURCES.items():
        source = sources.add_parser(
            name, help=each.what, description=f"{each.what}. Terms of use: {each.archive.terms}"
        )
        source.add_argument("names", nargs="+", help="what to bring, or @file with one name a line")
        _add_place(source)
        source.add_argument("--server", help="the address of the portal's API or of the index (default: the archive's)")
        source.add_argument(
            "--mirror", action="append", default=[], help="another server of the files; may be repeated"
        )
        source.add_argument("--mirrors-only", action="store_true", help="do not ask the archive itself for the files")
        source.add_argument("--connections", type=int, default=4, help="at most so many to a server (default: 4)")
        source.add_argument("--timeout", type=float, default=60.0, help="seconds without a byte (default: 60)")
        if name == "igsr":
            source.add_argument("--accept-terms", action="store_true", help="the terms of the collection are accepted")
    laboratory = sources.add_parser(
        "lims", help="samples of a laboratory's sheet whose reads are on the storage already"
    )
    laboratory.add_argument("sheet", type=Path, help="the sample sheet: Illumina version 1 or 2, or CSV")
    laboratory.add_argument("--reads", required=True, help="the folder of the FASTQ, below active/ of the storage")
    _add_place(laboratory)
    hospital = sources.add_parser("fhir", help="what has changed in a hospital's FHIR R4 server, into the data lake")
    hospital.add_argument("--server", required=True, help="the base address of the FHIR server")
    hospital.add_argument("--token", required=True, help="file or Secrets Manager ARN of the bearer token")
    hospital.add_argument("--pseudonyms", required=True, help="file or Secrets Manager ARN of the project's secret")
    hospital.add_argument("--bucket", required=True, help="the bucket of the data lake")
    hospital.add_argument("--kms-key", default="", help="ARN of a KMS key (default: the bucket's)")
    hospital.add_argument("--state", type=Path, required=True, help="the file that remembers how far the sync has come")
    hospital.add_argument(
        "--quarantine", type=Path, required=True, help="a folder for refused records, not in the lake"
    )
    hospital.add_argument("--timeout", type=float, default=60.0, help="seconds without a byte (default: 60)")
    hospital.add_argument("--project", required=True, help="the project in the names of the objects")
    hospital.add_argument("--site", required=True, help="the site in the names of the objects")
    return parser


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--storage", type=Path, required=True, help="the root of the shared storage")
    parser.add_argument("--project", required=True, help="the project in the names of the files")
    parser.add_argument("--site", required=True, help="the site in the names of the files")


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    console, complaints = Console(), Console(stderr=True)
    try:
        if arguments.source == "fhir":
            return synchronise(arguments, console)
        return _onto_the_storage(arguments, console)
    except BadName as error:
        complaints.print(f"error: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
        return EXIT_USAGE
    except IngestError as error:
        for problem in error.problems:
            complaints.print(f"error: {problem}", style="red", highlight=False, markup=False, soft_wrap=True)
        return EXIT_USAGE
    except KeyboardInterrupt:
        complaints.print("interrupted; the same command goes on where it stopped")
        return EXIT_INTERRUPTED


def _onto_the_storage(arguments: argparse.Namespace, console: Console) -> int:
    place = Place(arguments.storage.resolve(), arguments.project, arguments.site)
    if not (place.storage / "active").is_dir():
        raise IngestError(f"--storage {place.storage}: there is no directory active in it; is this the shared storage?")
    place.file_name("S1", 0)
    if arguments.source == "lims":
        return register(arguments, place, console)
    if arguments.connections < 1 or arguments.timeout <= 0:
        raise IngestError("--connections and --timeout must be above 0")
    source = SOURCES[arguments.source]
    manners = Manners(connections=arguments.connections, timeout=arguments.timeout, interval=source.interval)
    with Downloader(manners) as downloader:
        return bring(source, arguments, place, downloader, console)


if __name__ == "__main__":
    run_program(main)
