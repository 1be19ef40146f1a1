"""HL7 v2 in files and over a real socket: what is acknowledged is in the lake, what is refused is kept aside."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.ingest.hospital.deidentify import Pseudonyms
from pipelines.ingest.hospital.hl7v2 import Intake, deidentify_message, parse, split_batch
from pipelines.ingest.hospital.mllp import LONGEST_MESSAGE, listen
from pipelines.ingest.hospital.sink import Lake, Quarantine
from pipelines.ingest.problems import IngestError, Refused
from scripts.ingest import __main__ as ingest
from scripts.paths import REPOSITORY
from tests.functional.ingest.conftest import BUCKET
from tests.functional.ingest.test_deidentify import SECRET

TODAY = date(2026, 11, 26)
PSEUDONYMS = Pseudonyms(SECRET, "thalassemia")
ORU = "\r".join(
    [
        r"MSH|^~\&|HIS|CITY HOSPITAL|KOSHA|LAB|20260301093000||ORU^R01|MSG-1|P|2.5",
        "PID|1||mrn-4711^^^CITY||Rao^Asha||19800517|F|||12 MG Road^^Hyderabad||+91 98765",
        "OBR|1|ord-9||718-7^Haemoglobin of Asha^LN|||20260301090000|||||||||Dr Ravi Rao",
        "OBX|1|NM|718-7^Haemoglobin^LN||11.2|g/dL^gram^UCUM|12-15|L|||F|||20260301091500",
        "OBX|2|ST|8251-1^Comment^LN||seen by Dr Ravi||||||F",
        "OBX|3|CE|1234-5^Type^LN||260385009^Negative, says Asha^SCT||||||F",
        "NTE|1||call Asha Rao",
    ]
)
ADT = ORU.split("\r", 2)[0].replace("ORU^R01", "ADT^A01").replace("MSG-1", "MSG-2") + "\r" + ORU.split("\r")[1]
IDENTIFYING = ("mrn-4711", "Rao", "Asha", "MG Road", "98765", "ord-9", "Ravi", "MSG-1", "CITY", "19800517", "20260301")


@pytest.fixture
def intake(s3: Any, tmp_path: Path) -> Intake:
    return Intake(Lake(s3, BUCKET, "thalassemia", "hyd-01"), PSEUDONYMS, Quarantine(tmp_path / "quarantine"))


def objects(s3: Any) -> dict[str, str]:
    listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {each["Key"]: s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read().decode() for each in listed}


def refused(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((tmp_path / "quarantine").glob("*.json"))]


def kept_fields(text: str = ORU) -> dict[str, list[list[str]]]:
    _, kept = deidentify_message(parse(text), PSEUDONYMS, TODAY)
    found: dict[str, list[list[str]]] = {}
    for line in kept.split("\r")[:-1]:
        name, *fields = line.split("|")
        found.setdefault(name, []).append(fields)
    return found


def test_a_message_keeps_its_codes_and_numbers_and_nothing_that_identifies() -> None:
    kept = kept_fields()
    assert set(kept) == {"MSH", "PID", "OBR", "OBX"}
    assert kept["PID"][0][2] == PSEUDONYMS.of("Patient", "mrn-4711")
    assert kept["PID"][0][7] == "F"
    first, second, third = kept["OBX"]
    assert (first[1], first[2], first[4], first[5], first[7], first[10]) == (
        "NM",
        "718-7^^LN",
        "11.2",
        "g/dL^^UCUM",
        "L",
        "F",
    )
    assert (second[1], second[4]) == ("ST", "")
    assert third[4] == "260385009^^SCT"
    _, text = deidentify_message(parse(ORU), PSEUDONYMS, TODAY)
    assert not [each for each in IDENTIFYING if each in text]
    assert str(parse(text).segment("MSH")[9]) == "ORU^R01"  # what is kept is HL7 again, every field in its place


def test_intervals_survive_and_times_of_day_too() -> None:
    kept = kept_fields()
    assert kept["OBR"][0][6][8:] == "090000"
    day = date.fromisoformat(f"{kept['OBR'][0][6][:4]}-{kept['OBR'][0][6][4:6]}-{kept['OBR'][0][6][6:8]}")
    born = kept["PID"][0][6]
    assert day - date(int(born[:4]), int(born[4:6]), int(born[6:])) == date(2026, 3, 1) - date(1980, 5, 17)
    assert kept["OBX"][0][13][:8] == kept["OBR"][0][6][:8]


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("NM", "-1.5", "-1.5"),
        ("NM", "12 of Asha", ""),
        ("SN", ">^100", ">^100"),
        ("SN", "^1^:^128", "^1^:^128"),
        ("TX", "5", ""),
    ],
)
def test_only_numbers_and_codes_come_out_of_a_result(kind: str, value: str, kept: str) -> None:
    assert kept_fields(ORU.replace("|NM|", f"|{kind}|").replace("|11.2|", f"|{value}|"))["OBX"][0][4:5] == [kept]


def test_a_patient_has_the_same_pseudonym_as_in_fhir_and_great_age_is_left_out() -> None:
    assert kept_fields(ORU.replace("19800517", "19300101"))["PID"][0][6] == ""
    assert kept_fields(ORU.replace("19800517", "1980"))["PID"][0][6] == "1980"


def test_a_file_is_stored_once_with_its_tags(s3: Any, intake: Intake, tmp_path: Path) -> None:
    assert intake.take(ORU, TODAY).is_new
    assert not intake.take(ORU, TODAY).is_new
    ((key, _),) = objects(s3).items()
    assert key.startswith(
        f"clinical-records/thalassemia/cl_thalassemia_hyd-01_{PSEUDONYMS.of('Patient', 'mrn-4711')}_hl7-"
    )
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]}
    assert tags == {
        "data_class": "clinical_record", "sensitivity": "restricted", "project": "thalassemia", "site": "hyd-01",
        "consent": "none",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ORU.replace("ORU^R01", "ORM^O01"), "MSH-9: the message is no ADT or ORU"),
        (ORU.replace("MSG-1", ""), "MSH-10: the message has no control id"),
        (ORU.replace("mrn-4711^^^CITY", ""), "PID-3: the message names no patient"),
        (ORU.split("\rOBX")[0], "ORU: the message has no result"),
        ("hello", "this is no message of HL7 v2"),
        (ORU + "\rhello|x", "the message has a line that is no segment"),
        (ORU + "\rCON|1||||||||||R", "CON-11: the patient's consent is withdrawn or refused"),
    ],
)
def test_what_cannot_be_taken_is_kept_aside_with_a_reason_without_values(
    s3: Any, intake: Intake, tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(Refused, match="^" + reason.split("(")[0]) as caught:
        intake.take(text, TODAY)
    assert not [each for each in IDENTIFYING if each in str(caught.value)]
    assert [each["record"]["message"] for each in refused(tmp_path)] == [text]
    assert not objects(s3)


def test_consent_given_is_a_tag(s3: Any, intake: Intake) -> None:
    intake.take(ORU + "\rCON|1||||||||||A", TODAY)
    (key,) = objects(s3)
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]}
    assert tags["consent"] == "given"


BATCH = f"FHS|^~\\&\rBHS|^~\\&\r{ORU}\r{ADT}\rBTS|2\rFTS|1\r"


@pytest.mark.parametrize("text", [BATCH, BATCH.replace("\r", "\r\n"), f"{ORU}\r{ADT}", BATCH.replace("BTS|2", "BTS")])
def test_a_batch_is_its_messages(text: str) -> None:
    assert split_batch(text) == [ORU, ADT]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BATCH.replace("BTS|2", "BTS|3"), "BTS says 3 messages, but there are 2"),
        (BATCH.replace("FTS|1", "FTS|2"), "FTS says 2 batches, but there are 1"),
        (BATCH[:-8], "that does not end"),
        ("PID|1\r", "does not begin with a message"),
        ("", "there is no message in the file"),
    ],
)
def test_a_batch_that_is_cut_off_is_refused_whole(text: str, message: str) -> None:
    with pytest.raises(IngestError, match=message):
        split_batch(text)


def lake_options(tmp_path: Path) -> list[str]:
    (tmp_path / "pseudonyms").write_bytes(SECRET)
    return [
        "--pseudonyms", str(tmp_path / "pseudonyms"), "--bucket", BUCKET, "--quarantine", str(tmp_path / "quarantine"),
        "--project", "thalassemia", "--site", "hyd-01",
    ]  # fmt: skip


def test_files_are_taken_from_the_command_line(s3: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "batch.hl7"
    file.write_text(BATCH)
    assert ingest.main(["hl7", str(file), *lake_options(tmp_path)]) == 0
    assert "messages: 2 stored, 0 known already, 0 refused" in capsys.readouterr().out
    file.write_text(BATCH.replace("ADT^A01", "ORM^O01"))
    assert ingest.main(["hl7", str(file), *lake_options(tmp_path)]) == 65
    assert "messages: 0 stored, 1 known already, 1 refused" in capsys.readouterr().out
    file.write_text(BATCH[:-8])
    assert ingest.main(["hl7", str(file), *lake_options(tmp_path)]) == 2
    assert f"{file}: the file begins a batch" in capsys.readouterr().err


class Listener:
    """A listener in a thread of its own, for clients with plain sockets."""

    def __init__(self, intake: Intake, idle_seconds: float) -> None:
        self.port = 0
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._over = asyncio.Event()

        async def work() -> None:
            async with listen(intake, "127.0.0.1", 0, idle_seconds) as server:
                self.port = server.sockets[0].getsockname()[1]
                self._ready.set()
                await self._over.wait()

        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(work(),))

    def __enter__(self) -> Listener:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)


@pytest.fixture
def listener(intake: Intake) -> Iterator[Listener]:
    with Listener(intake, idle_seconds=1.0) as listener:
        yield listener


def framed(text: str | bytes) -> bytes:
    return b"\x0b" + (text.encode() if isinstance(text, str) else text) + b"\x1c\r"


def answers(connection: socket.socket, number: int = 1) -> list[list[str]]:
    """The MSA fields of so many acknowledgments; fewer when the connection ends before."""
    content = b""
    while content.count(b"\x1c\r") < number and (more := connection.recv(4096)):
        content += more
    found = [block.strip(b"\x0b\r") for block in content.split(b"\x1c\r") if block.strip(b"\x0b\r")]
    return [next(line for line in each.decode().split("\r") if line.startswith("MSA")).split("|")[1:] for each in found]


def test_what_is_acknowledged_is_in_the_lake_and_a_repetition_is_stored_once(s3: Any, listener: Listener) -> None:
    with listener.connect() as connection:
        for _ in range(2):
            connection.sendall(framed(ORU))
            assert answers(connection) == [["AA", "MSG-1"]]
            assert len(objects(s3)) == 1


def test_messages_may_come_in_pieces_and_several_in_one(s3: Any, listener: Listener) -> None:
    with listener.connect() as connection:
        content = framed(ORU) + framed(ADT)
        connection.sendall(content[:50])
        time.sleep(0.1)
        connection.sendall(content[50:])
        assert answers(connection, 2) == [["AA", "MSG-1"], ["AA", "MSG-2"]]
    assert len(objects(s3)) == 2


def test_a_refused_message_is_answered_so_and_the_next_is_taken(s3: Any, listener: Listener, tmp_path: Path) -> None:
    with listener.connect() as connection:
        connection.sendall(framed(ORU.replace("ORU^R01", "ORM^O01")))
        assert answers(connection) == [["AE", "MSG-1", "MSH-9: the message is no ADT or ORU"]]
        connection.sendall(framed(ADT))
        assert answers(connection) == [["AA", "MSG-2"]]
    assert len(refused(tmp_path)) == 1


@pytest.mark.parametrize("content", [b"hello", "MSH|^~\\&|\u00e9".encode("latin-1")], ids=["no HL7", "no UTF-8"])
def test_what_is_no_message_is_rejected_and_kept(s3: Any, listener: Listener, tmp_path: Path, content: bytes) -> None:
    with listener.connect() as connection:
        connection.sendall(framed(content))
        assert answers(connection)[0][0] == "AR"
        connection.sendall(framed(ORU))
        assert answers(connection) == [["AA", "MSG-1"]]
    assert len(refused(tmp_path)) == 1


def flood(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"\x0b" + b"x" * LONGEST_MESSAGE)


def test_garbage_between_frames_and_frames_without_end_close_the_connection(s3: Any, listener: Listener) -> None:
    with listener.connect() as connection:
        connection.sendall(b"garbage" + framed(ORU))
        assert answers(connection, 2)[0][0] == "AR"
    with listener.connect() as connection, pytest.raises(ConnectionError):  # its unread rest makes the end a reset
        flood(connection)
    with listener.connect() as connection:
        connection.sendall(framed(ORU))
        assert answers(connection) == [["AA", "MSG-1"]]
    assert len(objects(s3)) == 1


def test_half_a_message_is_not_taken_and_an_idle_connection_ends(s3: Any, listener: Listener) -> None:
    with listener.connect() as connection:
        connection.sendall(framed(ORU)[:-10])
    with listener.connect() as connection:
        assert connection.recv(10) == b""  # after a second
    assert not objects(s3)


def test_a_message_that_s3_does_not_take_is_not_acknowledged(s3: Any, listener: Listener, tmp_path: Path) -> None:
    s3.delete_bucket(Bucket=BUCKET)
    with listener.connect() as connection:
        connection.sendall(framed(ORU))
        assert answers(connection) == []
    assert not refused(tmp_path)


def test_the_command_listens_on_this_machine_alone_and_ends_at_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.ingest", "mllp", "--port", "0", *lake_options(tmp_path)]
    environment = {"AWS_DEFAULT_REGION": "ap-south-1", "PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on 127.0.0.1:")
        with socket.create_connection(("127.0.0.1", int(line.rpartition(":")[2])), timeout=10):
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0


def test_a_port_in_use_is_one_message(s3: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert ingest.main(["mllp", "--port", str(port), *lake_options(tmp_path)]) == 2
    assert f"127.0.0.1:{port}: " in capsys.readouterr().err
