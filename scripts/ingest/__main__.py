"""Bring data from elsewhere onto the shared storage (``make ingest``).

    python -m scripts.ingest ena  --storage DIR --project P --site S ACCESSION...
    python -m scripts.ingest sra  --storage DIR --project P --site S ACCESSION...
    python -m scripts.ingest igsr --storage DIR --project P --site S --accept-terms SAMPLE...
                             ... --reference ASSEMBLY            and the reference they are to be aligned to
    python -m scripts.ingest fhir --server URL --bucket LAKE --project P --site S ... (--help)
    python -m scripts.ingest hl7 FILE... --bucket LAKE --project P --site S ... (--help)
    python -m scripts.ingest mllp --port 2575 --bucket LAKE --project P --site S ... (--help)
    python -m scripts.ingest lims --storage DIR --project P --site S --reads FOLDER SHEET

What to bring can also be a file with one name a line: ``@list.txt``. Starting again goes on where it stopped. Exit
codes: 0 all is here, 65 the source has nothing that can be taken for a name, 1 something could not be fetched, 2 wrong
usage or a source that does not answer, 130 interrupted.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from pipelines.ingest.hospital.mllp import IDLE_SECONDS
from pipelines.ingest.problems import IngestError
from pipelines.naming import BadName
from scripts.ingest.clinical import INTO_THE_LAKE
from scripts.ingest.reads import SOURCES, onto_the_storage
from scripts.talk import EXIT_INTERRUPTED, EXIT_USAGE, run_program


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
        source.add_argument("--reference", default="", help="also the reference: an assembly of NCBI (GCA_000005845.2)")
        source.add_argument("--reference-server", help="another server of NCBI's assemblies")
        source.add_argument("--toolchain", choices=("classic", "fast"), default="classic", help="for the configuration")
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
    hospital.add_argument("--token", required=True, help="bearer token: file, ARN of a secret, or secret:NAME")
    hospital.add_argument("--state", type=Path, required=True, help="the file that remembers how far the sync has come")
    hospital.add_argument("--timeout", type=float, default=60.0, help="seconds without a byte (default: 60)")
    _add_lake(hospital)
    files = sources.add_parser("hl7", help="messages or batches of HL7 v2 (ADT, ORU) in files, into the data lake")
    files.add_argument("files", type=Path, nargs="+", help="files of one message, several, or batches")
    _add_lake(files)
    listener = sources.add_parser("mllp", help="messages of HL7 v2 (ADT, ORU) over MLLP, into the data lake")
    listener.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: this machine alone)")
    listener.add_argument("--port", type=int, default=2575, help="(default: 2575)")
    listener.add_argument("--timeout", type=float, default=IDLE_SECONDS, help="seconds until an idle connection ends")
    _add_lake(listener)
    return parser


def _add_lake(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pseudonyms",
        required=True,
        help="the project's secret: file, ARN, or secret:NAME",
    )
    parser.add_argument("--bucket", required=True, help="the bucket of the data lake")
    parser.add_argument("--kms-key", default="", help="ARN of a KMS key (default: the bucket's)")
    parser.add_argument("--quarantine", type=Path, required=True, help="a folder for what is refused, not in the lake")
    parser.add_argument("--project", required=True, help="the project in the names of the objects")
    parser.add_argument("--site", required=True, help="the site in the names of the objects")


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
        if arguments.source in INTO_THE_LAKE:
            return INTO_THE_LAKE[arguments.source](arguments, console)
        return onto_the_storage(arguments, console)
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


if __name__ == "__main__":
    run_program(main)
