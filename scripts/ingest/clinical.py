"""Clinical records into the data lake: from a FHIR server, from files of HL7 v2, and over MLLP."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from pipelines.ingest.download import Downloader, Manners
from pipelines.ingest.hospital.deidentify import Pseudonyms
from pipelines.ingest.hospital.fhir import Server, Sync
from pipelines.ingest.hospital.hl7v2 import Intake, split_batch
from pipelines.ingest.hospital.mllp import listen
from pipelines.ingest.hospital.sink import Lake, Quarantine
from pipelines.ingest.problems import IngestError, Refused
from pipelines.sequencing.status import EXIT_BAD_DATA


def synchronise(arguments: argparse.Namespace, console: Console) -> int:
    """Bring over what has changed in a hospital's FHIR server; returns the exit code."""
    intake = _intake(arguments)
    token = _secret(arguments.token).decode("utf-8").strip()
    manners = Manners(connections=1, timeout=arguments.timeout, interval=0.0)
    with Downloader(manners, headers={"Authorization": f"Bearer {token}", "Accept": "application/fhir+json"}) as asked:
        server = Server(arguments.server, asked)
        tally = Sync(server, intake.lake, intake.pseudonyms, intake.quarantine, arguments.state).run()
    console.print(f"patients: {tally.written} written, {tally.unchanged} unchanged", highlight=False)
    for reason, number in tally.refused.most_common():
        console.print(f"refused {number}: {reason}", style="yellow", highlight=False, markup=False, soft_wrap=True)
    if tally.refused:
        console.print(f"the refused records are in {arguments.quarantine}", highlight=False, soft_wrap=True)
    return EXIT_BAD_DATA if tally.refused else 0


def _intake(arguments: argparse.Namespace) -> Intake:
    lake = Lake(boto3.client("s3"), arguments.bucket, arguments.project, arguments.site, arguments.kms_key)
    lake.key("0")
    pseudonyms = Pseudonyms(_secret(arguments.pseudonyms), arguments.project)
    return Intake(lake, pseudonyms, Quarantine(arguments.quarantine))


def take_files(arguments: argparse.Namespace, console: Console) -> int:
    """Take the messages of files of HL7 v2; returns the exit code."""
    intake = _intake(arguments)
    counted: Counter[str] = Counter()
    for path in arguments.files:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise IngestError(f"{path}: not readable as UTF-8 text: {error}") from None
        try:
            messages = split_batch(text)
        except IngestError as error:
            raise IngestError(f"{path}: {error}") from None
        for message in messages:
            try:
                counted["new" if intake.take(message, datetime.now(UTC).date()).is_new else "known"] += 1
            except Refused as reason:
                counted["refused"] += 1
                console.print(f"refused: {reason}", style="yellow", highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"messages: {counted['new']} stored, {counted['known']} known already, {counted['refused']} refused",
        highlight=False,
    )
    return EXIT_BAD_DATA if counted["refused"] else 0


def serve(arguments: argparse.Namespace, console: Console) -> int:
    """Take messages of HL7 v2 over MLLP until SIGTERM or Ctrl-C; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    intake = _intake(arguments)

    async def listening() -> None:
        over = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, over.set)
        async with listen(intake, arguments.host, arguments.port, arguments.timeout) as server:
            host, port = server.sockets[0].getsockname()[:2]
            console.print(f"listening on {host}:{port}", highlight=False)
            await over.wait()

    try:
        asyncio.run(listening())
    except OSError as error:
        raise IngestError(f"{arguments.host}:{arguments.port}: {error.strerror or error}") from None
    return 0


def _secret(place: str) -> bytes:
    """The content of a file, or of a secret of AWS Secrets Manager by its ARN or as ``secret:NAME``.

    Raises:
        IngestError: it cannot be read.
    """
    try:
        if not place.startswith(("arn:", "secret:")):
            return Path(place).read_bytes()
        answer = boto3.client("secretsmanager").get_secret_value(SecretId=place.removeprefix("secret:"))
    except (OSError, BotoCoreError, ClientError) as error:
        raise IngestError(f"the secret {place} cannot be read: {error}") from None
    binary: bytes | None = answer.get("SecretBinary")
    return binary if binary is not None else str(answer["SecretString"]).encode()


INTO_THE_LAKE = {"fhir": synchronise, "hl7": take_files, "mllp": serve}
