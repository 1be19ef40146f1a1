"""A hospital's FHIR server on loopback, which misbehaves; S3 by moto, whose requests are looked at."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from pipelines.ingest.download import Downloader, Manners
from pipelines.ingest.hospital.deidentify import Pseudonyms
from pipelines.ingest.hospital.fhir import Server, Sync
from pipelines.ingest.hospital.sink import Consent, Lake, Quarantine
from pipelines.ingest.problems import IngestError
from scripts.ingest import __main__ as ingest
from tests.functional.ingest.archive import Archive, Request, refuses, serve
from tests.functional.ingest.conftest import BUCKET
from tests.functional.ingest.test_deidentify import IDENTIFYING, OBSERVATION, PATIENT, SECRET

PSEUDONYM = Pseudonyms(SECRET, "thalassemia").of("Patient", "mrn-4711")
KEY = f"clinical-records/thalassemia/cl_thalassemia_hyd-01_{PSEUDONYM}_fhir.ndjson"
CONSENT = {
    "resourceType": "Consent", "id": "c1", "status": "active", "patient": {"reference": "Patient/mrn-4711"},
    "scope": {"coding": [{"code": "research"}]}, "category": [{"coding": [{"code": "research"}]}],
    "provision": {"type": "permit"},
}  # fmt: skip


class Hospital:
    """The resources of a server by type, in pages of two."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.resources: list[dict[str, Any]] = [PATIENT, OBSERVATION, CONSENT]
        self.update()

    def update(self) -> None:
        for kind in ("Patient", "Observation", "Condition", "DiagnosticReport", "Specimen", "Consent"):
            own = [each for each in self.resources if each["resourceType"] == kind]
            pages = [own[begin : begin + 2] for begin in range(0, len(own), 2)] or [[]]
            for number, page in enumerate(pages):
                last = number == len(pages) - 1
                self.page(
                    f"/{kind}" + (f"/page{number}" if number else ""), page, "" if last else f"/{kind}/page{number + 1}"
                )

    def page(self, path: str, resources: list[dict[str, Any]], following: str = "") -> None:
        link = following if "://" in following or not following else f"{self.archive.address}{following}"
        links = [{"relation": "self", "url": "x"}] + ([{"relation": "next", "url": link}] if link else [])
        bundle = {"resourceType": "Bundle", "link": links, "entry": [{"resource": each} for each in resources]}
        self.archive.files[path] = json.dumps(bundle).encode()

    def asked(self, kind: str) -> list[dict[str, list[str]]]:
        return [parse_qs(urlsplit(path).query) for path, _ in self.archive.requests if path.startswith(f"/{kind}?")]


@pytest.fixture
def hospital() -> Iterator[Hospital]:
    with serve() as archive:
        yield Hospital(archive)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "scripts.ingest.clinical.Manners",
        lambda **given: Manners(**given | {"attempts": 3, "first_pause": 0.001, "longest_pause": 0.01}),
    )


def sync(hospital: Hospital, folder: Path, **more: str) -> int:
    (folder / "token").write_text("s3cr3t\n")
    (folder / "pseudonyms").write_bytes(SECRET)
    options = {
        "server": hospital.archive.address, "token": str(folder / "token"), "pseudonyms": str(folder / "pseudonyms"),
        "bucket": BUCKET, "state": str(folder / "state.json"), "quarantine": str(folder / "quarantine"),
        "project": "thalassemia", "site": "hyd-01", **more,
    }  # fmt: skip
    return ingest.main(["fhir", *(text for name, value in options.items() for text in (f"--{name}", value))])


def stored(s3: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read().decode().splitlines()]


def puts(s3: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What every PutObject asks for from now on; moto does not look at all of it."""
    from botocore.client import BaseClient

    asked: list[dict[str, Any]] = []
    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def recorded(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "PutObject":
            asked.append(parameters)
        return real(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    return asked


def test_a_patients_records_become_one_object_with_its_tags_in_the_same_request(
    hospital: Hospital, s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = puts(s3, monkeypatch)
    assert sync(hospital, tmp_path, **{"kms-key": "arn:aws:kms:ap-south-1:111122223333:key/lake"}) == 0
    assert [each["resourceType"] for each in stored(s3)] == ["Observation", "Patient"]
    (put,) = asked
    assert parse_qs(put["Tagging"]) == {
        "data_class": ["clinical_record"], "sensitivity": ["restricted"], "project": ["thalassemia"],
        "site": ["hyd-01"], "consent": ["given"],
    }  # fmt: skip
    assert (put["ServerSideEncryption"], put["IfNoneMatch"], put["ChecksumAlgorithm"]) == ("aws:kms", "*", "CRC64NVME")
    everything = json.dumps(stored(s3)) + put["Key"] + unquote(put["Tagging"]) + str(put["Metadata"])
    everything += "".join(capsys.readouterr())
    assert not [each for each in IDENTIFYING if each in everything]


def test_a_second_sync_writes_nothing_and_asks_only_for_what_changed(
    hospital: Hospital, s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sync(hospital, tmp_path) == 0
    asked = puts(s3, monkeypatch)
    assert sync(hospital, tmp_path) == 0
    assert not asked
    first, second = hospital.asked("Observation")
    assert "_lastUpdated" not in first
    cursor = datetime.fromisoformat(second["_lastUpdated"][0].removeprefix("ge"))
    assert 290 < (datetime.now(UTC) - cursor).total_seconds() < 400


def test_what_comes_later_is_added_and_what_changed_is_replaced(hospital: Hospital, s3: Any, tmp_path: Path) -> None:
    assert sync(hospital, tmp_path) == 0
    hospital.resources = [OBSERVATION | {"id": "obs-2"}, OBSERVATION | {"status": "amended"}, CONSENT]
    hospital.update()
    assert sync(hospital, tmp_path) == 0
    records = stored(s3)
    assert [each["resourceType"] for each in records] == ["Observation", "Observation", "Patient"]
    assert sorted(each["status"] for each in records[:2]) == ["amended", "final"]


def test_every_page_is_read(hospital: Hospital, s3: Any, tmp_path: Path) -> None:
    hospital.resources += [OBSERVATION | {"id": f"obs-{number}"} for number in range(2, 8)]
    hospital.update()
    assert sync(hospital, tmp_path) == 0
    assert len(stored(s3)) == 8


def test_another_writer_is_not_overwritten(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(s3, BUCKET, "thalassemia", "hyd-01")
    ours, theirs = ({"resourceType": "Observation", "id": name} for name in ("ours", "theirs"))
    real = lake.s3.get_object
    calls: list[int] = []

    def read_and_let_another_write(**given: Any) -> Any:
        calls.append(1)
        try:
            return real(**given)
        finally:
            if len(calls) == 1:
                Lake(boto3.client("s3"), BUCKET, "thalassemia", "hyd-01").store(PSEUDONYM, [theirs], Consent.GIVEN)

    monkeypatch.setattr(s3, "get_object", read_and_let_another_write)
    assert lake.store(PSEUDONYM, [ours], Consent.GIVEN)
    monkeypatch.undo()
    assert [each["id"] for each in stored(boto3.client("s3"))] == ["ours", "theirs"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "done"}, "Observation.status is none of registered, preliminary, final"),
        ({"effectiveDateTime": "yesterday"}, "Observation: not as FHIR R4 has it: effectiveDateTime"),
        ({"ward": "seven"}, "Observation: not as FHIR R4 has it: ward"),
        ({"code": None}, "Observation: not as FHIR R4 has it: code"),
        ({"subject": {"display": "Asha Rao"}}, "Observation: subject.reference names no patient"),
    ],
)
def test_a_wrong_record_is_kept_aside_with_its_reason_and_the_others_go_on(
    hospital: Hospital, s3: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], reason: str
) -> None:
    bad = {name: value for name, value in (OBSERVATION | {"id": "bad"} | change).items() if value is not None}
    hospital.resources.append(bad)
    hospital.update()
    assert sync(hospital, tmp_path) == 65
    said = capsys.readouterr().out
    assert reason in said
    assert "Asha" not in said
    assert [each["resourceType"] for each in stored(s3)] == ["Observation", "Patient"]
    (kept,) = (tmp_path / "quarantine").iterdir()
    document = json.loads(kept.read_text())
    assert document["record"] == bad
    assert reason in document["reasons"][0]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert sync(hospital, tmp_path) == 65
    assert len(list((tmp_path / "quarantine").iterdir())) == 1


@pytest.mark.parametrize(
    "ended",
    [{"status": "inactive"}, {"status": "rejected"}, {"provision": {"type": "deny"}}],
    ids=lambda each: str(each),
)
def test_nothing_is_stored_of_a_patient_whose_consent_has_ended(
    hospital: Hospital, s3: Any, tmp_path: Path, ended: dict[str, Any]
) -> None:
    hospital.resources.append(CONSENT | {"id": "c2"} | ended)
    hospital.update()
    assert sync(hospital, tmp_path) == 65
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)
    assert len(list((tmp_path / "quarantine").iterdir())) == 2


def test_a_patient_without_consent_is_tagged_so(hospital: Hospital, s3: Any, tmp_path: Path) -> None:
    hospital.resources.remove(CONSENT)
    hospital.update()
    assert sync(hospital, tmp_path) == 0
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=BUCKET, Key=KEY)["TagSet"]}
    assert tags["consent"] == "none"


def test_the_token_is_sent_to_the_server_and_a_page_elsewhere_is_not_asked_for(
    hospital: Hospital, s3: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokens: list[str] = []

    def note(request: Request) -> bool:
        tokens.append(request.headers["Authorization"])
        return False

    with serve() as elsewhere:
        hospital.archive.misdeeds = [note] * 3
        hospital.page("/Observation", [OBSERVATION], f"{elsewhere.address}/Observation/page2")
        assert sync(hospital, tmp_path) == 2
        assert not elsewhere.requests
    assert set(tokens) == {"Bearer s3cr3t"}
    said = "".join(capsys.readouterr())
    assert "its next page is on another server; it was not asked" in said
    assert "s3cr3t" not in said
    assert not (tmp_path / "state.json").exists()


def test_pages_that_go_round_are_noticed(
    hospital: Hospital, s3: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hospital.page("/Observation", [OBSERVATION], "/Observation/page1")
    hospital.page("/Observation/page1", [OBSERVATION], "/Observation/page1")
    assert sync(hospital, tmp_path) == 2
    assert "its pages of Observation go round in a circle" in capsys.readouterr().err


@pytest.mark.parametrize(
    "misdeed", [refuses(429, Retry_After="0"), refuses(503), lambda request: request.reset() or True]
)
def test_a_busy_server_is_asked_again(hospital: Hospital, s3: Any, tmp_path: Path, misdeed: Any) -> None:
    hospital.archive.misdeeds = [misdeed, misdeed]
    assert sync(hospital, tmp_path) == 0
    assert len(stored(s3)) == 2


@pytest.mark.parametrize(
    ("answer", "message"),
    [(b"<html>", "the answer is no Bundle of FHIR"), (b'{"resourceType": "OperationOutcome"}', "no Bundle of FHIR")],
)
def test_an_answer_that_is_no_bundle_is_one_message_and_the_cursor_stays(
    hospital: Hospital, s3: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: bytes, message: str
) -> None:
    hospital.archive.files["/Condition"] = answer
    assert sync(hospital, tmp_path) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "state.json").exists()


def test_a_refused_token_is_one_message(
    hospital: Hospital, s3: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hospital.archive.misdeeds = [refuses(401)]
    assert sync(hospital, tmp_path) == 2
    assert "HTTP 401" in capsys.readouterr().err


def test_who_may_list_below_a_prefix_only_tells_an_absent_object_from_a_refused_one(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

    def refuse(**_: object) -> None:
        raise refusal

    monkeypatch.setattr(s3, "get_object", refuse)
    lake = Lake(s3, BUCKET, "thalassemia", "hyd-01")
    assert lake.store(PSEUDONYM, [OBSERVATION], Consent.GIVEN)
    with pytest.raises(IngestError, match="AccessDenied"):
        lake.store(PSEUDONYM, [OBSERVATION], Consent.GIVEN)


def test_secrets_may_lie_in_secrets_manager(hospital: Hospital, s3: Any, tmp_path: Path) -> None:
    secrets = boto3.client("secretsmanager")
    token = secrets.create_secret(Name="token", SecretString="s3cr3t")["ARN"]
    secrets.create_secret(Name="hospital/pseudonyms", SecretBinary=SECRET)
    key = "secret:hospital/pseudonyms"
    assert sync(hospital, tmp_path, token=token, pseudonyms=key) == 0
    assert len(stored(s3)) == 2


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("token", "/none", "the secret /none cannot be read"),
        ("project", "Thala_1", "may only hold lower-case letters"),
        ("bucket", "no-such-bucket", "NoSuchBucket"),
    ],
)
def test_wrong_options_are_one_message(
    hospital: Hospital,
    s3: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    option: str,
    value: str,
    message: str,
) -> None:
    assert sync(hospital, tmp_path, **{option: value}) == 2
    assert message in capsys.readouterr().err


def test_a_state_that_is_none_is_named(
    hospital: Hospital, s3: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state.json").write_text("[]")
    assert sync(hospital, tmp_path) == 2
    assert "not the state of a sync" in capsys.readouterr().err


def test_the_modules_can_be_used_without_the_command_line(hospital: Hospital, s3: Any, tmp_path: Path) -> None:
    with Downloader(Manners(interval=0.0)) as downloader:
        lake = Lake(s3, BUCKET, "thalassemia", "hyd-01")
        place = Quarantine(tmp_path / "quarantine")
        server = Server(hospital.archive.address, downloader)
        tally = Sync(server, lake, Pseudonyms(SECRET, "thalassemia"), place, tmp_path / "state.json").run()
    assert (tally.written, tally.unchanged, tally.refused) == (1, 0, {})
