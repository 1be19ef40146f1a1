"""A listener for HL7 v2 over MLLP, as hospitals' systems send it.

A message is acknowledged (``AA``) when it is in the lake, and answered ``AE`` when it is refused and in quarantine.
What is no HL7 is answered ``AR``. When S3 does not take a message the connection is closed without an answer: the
sender sends it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from asyncio import IncompleteReadError
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import hl7
from hl7.mllp import HL7StreamReader, HL7StreamWriter, InvalidBlockError, start_hl7_server

from pipelines.ingest.hospital.hl7v2 import Intake, parse
from pipelines.ingest.problems import IngestError, Refused

LONGEST_MESSAGE = 5 << 20
"""Bytes; more than a patient's clinical data are (5 MB)."""
IDLE_SECONDS = 300.0
log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def listen(
    intake: Intake, host: str, port: int, idle_seconds: float = IDLE_SECONDS
) -> AsyncIterator[asyncio.Server]:
    """Take messages at an address until the context ends.

    What is being stored then is stored; its sender hears nothing, sends it again, and is told that it is there.
    """
    writers: set[asyncio.Task[None]] = set()

    async def serve(reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        writers.add(task)
        try:
            await _conversation(intake, reader, writer, idle_seconds)
        finally:
            writers.discard(task)
            writer.close()

    server = await start_hl7_server(serve, host, port, limit=LONGEST_MESSAGE, encoding="utf-8")
    try:
        yield server
    finally:
        server.close()
        for task in set(writers):
            task.cancel()
        await asyncio.gather(*writers, return_exceptions=True)


async def _conversation(intake: Intake, reader: HL7StreamReader, writer: HL7StreamWriter, idle_seconds: float) -> None:
    while True:
        try:
            block = await asyncio.wait_for(reader.readblock(), idle_seconds)
        except TimeoutError:
            log.warning("a connection was idle for %s s", idle_seconds)
            return
        except IncompleteReadError as end:
            if end.partial:
                log.warning("a connection ended inside a message of %s bytes; it is not taken", len(end.partial))
            return
        except (InvalidBlockError, ValueError) as error:
            # There is no telling where the next message begins.
            log.warning("what came is no MLLP or too long (%s)", type(error).__name__)
            writer.writeblock(_rejection("not MLLP, or longer than it may be"))
            await writer.drain()
            return
        answer = await asyncio.shield(_answer(intake, block))
        if answer is None:
            return
        writer.writeblock(answer)
        await writer.drain()


async def _answer(intake: Intake, block: bytes) -> bytes | None:
    """The acknowledgment of a message; None when it could not be stored."""
    try:
        text = block.decode("utf-8")
        message = parse(text)
    except (UnicodeDecodeError, Refused) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        intake.quarantine.keep({"message": block.decode("utf-8", "backslashreplace")}, [reason])
        return _rejection(reason)
    try:
        taken = await asyncio.to_thread(intake.take, text, datetime.now(UTC).date())
    except Refused as reason:
        log.warning("refused: %s", reason)
        return _acknowledgment(message, "AE", str(reason))
    except IngestError as error:
        log.error("not stored: %s", error)
        return None
    log.info("stored" if taken.is_new else "known already")
    return _acknowledgment(message, "AA", "")


def _acknowledgment(message: hl7.Message, code: str, reason: str) -> bytes:
    answer = message.create_ack(code)
    if reason:
        answer.segment("MSA").assign_field(reason.replace("|", " "), 3)
    return str(answer).encode("utf-8")


def _rejection(reason: str) -> bytes:
    now = f"{datetime.now(UTC):%Y%m%d%H%M%S}"
    return f"MSH|^~\\&|||||{now}||ACK|{now}|P|2.5\rMSA|AR||{reason.replace('|', ' ')}\r".encode()
