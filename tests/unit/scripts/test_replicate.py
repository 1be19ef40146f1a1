"""The command of Batch Replication: what it asks S3 for, and what it makes of how a job ends."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts import replicate
from scripts.infrastructure.environments import load_environment
from scripts.replicate import Choice, Replicator
from scripts.talk import UserError

ROLE = "arn:aws:iam::111122223333:role/kosha-test-lake-replication-jobs"
STORAGE = {
    "lake_bucket": "lake-1",
    "replica_bucket": "lake-2",
    "reports_bucket": "reports-1",
    "reports_bucket_arn": "arn:aws:s3:::reports-1",
    "replication": {"role_arn": ROLE, "report_prefix": "replication"},
}
FAILED = [
    ["lake-1", "a", "v1", "failed", "DstPutObjectNotPermitted", "400", "the role may not"],
    ["lake-1", "b", "v2", "failed", "DstPutObjectNotPermitted", "400", "the role may not"],
    ["lake-1", "c[/d]", "v3", "failed", "DstKmsKeyInvalidState", "400", "the key is [disabled]"],
]


class Service:
    """S3 Control and S3 for one job, whose states come in order."""

    def __init__(self, *states: str, total: int = 0, failed: int = 0, reason: str = "") -> None:
        self.states = list(states)
        self.total, self.failed, self.reason = total, failed, reason
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.listed: list[dict[str, str]] = []

    def create_job(self, **parameters: Any) -> dict[str, str]:
        self.calls.append(("create", parameters))
        return {"JobId": "j"}

    def describe_job(self, JobId: str, **_: Any) -> dict[str, Any]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        done = self.total if state == "Complete" else 0
        return {
            "Job": {
                "JobId": JobId,
                "Status": state,
                "FailureReasons": [{"FailureCode": "x", "FailureReason": self.reason}] if self.reason else [],
                "ProgressSummary": {
                    "TotalNumberOfTasks": self.total,
                    "NumberOfTasksSucceeded": done - self.failed if done else 0,
                    "NumberOfTasksFailed": self.failed if done else 0,
                },
            }
        }

    def list_jobs(self, NextToken: str = "0", **_: Any) -> dict[str, Any]:
        """A job on each page."""
        number = int(NextToken)
        more = {"NextToken": str(number + 1)} if number + 1 < len(self.listed) else {}
        return {"Jobs": self.listed[number : number + 1], **more}

    def update_job_status(self, **parameters: Any) -> None:
        self.calls.append(("update", parameters))

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        assert Bucket == "reports-1"
        if Key.endswith("manifest.json"):
            results = [
                {"TaskExecutionStatus": "succeeded", "Key": "never-read"},
                {"TaskExecutionStatus": "failed", "Key": "replication/job-j/results/f.csv"},
            ]
            return {"Body": io.BytesIO(json.dumps({"Results": results}).encode())}
        if Key == "replication/job-j/results/f.csv":
            return {"Body": io.BytesIO("".join(",".join(row) + "\n" for row in FAILED).encode())}
        raise ClientError({"Error": {"Code": "NoSuchKey", "Message": Key}}, "GetObject")


def replicator(monkeypatch: pytest.MonkeyPatch, service: Service, direction: str = "out") -> Replicator:
    regions: list[tuple[str, str | None]] = []

    def client(_environment: Any, name: str, region: str | None = None) -> Service:
        regions.append((name, region))
        return service

    monkeypatch.setattr(replicate, "client", client)
    monkeypatch.setattr(replicate, "read_handoff", lambda *_: STORAGE)
    made = Replicator(load_environment("dev"), direction)
    assert regions[0] == ("s3control", made.way.region)
    return made


CHOICE = Choice(["NONE", "FAILED"])
NOW = datetime(2026, 1, 15, tzinfo=UTC)


def never(_: float) -> None:
    """Waits for nothing."""


def test_a_job_runs_where_its_source_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = load_environment("dev")
    out, back = (replicator(monkeypatch, Service("Complete"), each).way for each in ("out", "back"))
    assert (out.source, out.destination, out.region) == ("lake-1", "lake-2", environment.region)
    assert (back.source, back.destination, back.region) == ("lake-2", "lake-1", environment.recovery_region)
    with pytest.raises(UserError, match="no direction 'home'"):
        replicator(monkeypatch, Service("Complete"), "home")


def test_what_is_asked_for_is_what_the_rules_take_and_no_list_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service("Complete", total=2)
    moment = datetime(2026, 1, 15, tzinfo=UTC)
    assert replicate.apply(replicator(monkeypatch, service), Choice(["FAILED"], "results/", moment), never) == 0
    ((_, asked),) = service.calls
    assert asked["Operation"] == {"S3ReplicateObject": {}}
    assert (asked["AccountId"], asked["RoleArn"], asked["ConfirmationRequired"]) == ("111122223333", ROLE, False)
    assert asked["ManifestGenerator"]["S3JobManifestGenerator"] == {
        "SourceBucket": "arn:aws:s3:::lake-1",
        "EnableManifestOutput": False,
        "Filter": {
            "EligibleForReplication": True,
            "ObjectReplicationStatuses": ["FAILED"],
            "KeyNameConstraint": {"MatchAnyPrefix": ["results/"]},
            "CreatedBefore": moment,
        },
    }
    assert (asked["Report"]["Bucket"], asked["Report"]["Prefix"]) == ("arn:aws:s3:::reports-1", "replication")


def test_an_estimate_counts_and_copies_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = Service("New", "Preparing", "Suspended", total=1234)
    assert replicate.estimate(replicator(monkeypatch, service), CHOICE, never) == 0
    assert [name for name, _ in service.calls] == ["create", "update"]
    assert service.calls[0][1]["ConfirmationRequired"] is True
    assert service.calls[1][1]["RequestedJobStatus"] == "Cancelled"
    assert "1,234" in capsys.readouterr().out


@pytest.mark.parametrize("mode", [replicate.estimate, replicate.apply])
def test_nothing_to_copy_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mode: Any
) -> None:
    service = Service("Failed", reason="Manifest generation found no keys matching the filter criteria.")
    assert mode(replicator(monkeypatch, service), CHOICE, never) == 0
    assert re.search(r"nothing to copy|\b0\b", capsys.readouterr().out)
    assert [name for name, _ in service.calls] == ["create"]


@pytest.mark.parametrize("mode", [replicate.estimate, replicate.apply])
def test_a_job_that_fails_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mode: Any
) -> None:
    service = Service("Preparing", "Failed", reason="the role may not")
    assert mode(replicator(monkeypatch, service), CHOICE, never) == 1
    assert "the role may not" in capsys.readouterr().out


def test_what_was_not_copied_is_listed_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = Service("Active", "Complete", total=5, failed=3)
    assert replicate.apply(replicator(monkeypatch, service), CHOICE, never) == 1
    shown = capsys.readouterr().out
    assert "5 of 5 objects, 3 failed" in shown
    assert re.search(r"DstPutObjectNotPermitted\W+2\W+a\W", shown)
    assert "the key is [disabled]" in shown
    assert "c[/d] v3: DstKmsKeyInvalidState" in shown


def test_a_job_under_way_is_followed_and_an_estimate_that_waits_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service("Active", "Complete", total=1)
    replicate.apply(replicator(monkeypatch, service), CHOICE, never)
    job = {"JobId": "old", "Description": service.calls[0][1]["Description"]}

    def calls(wanted: Choice, status: str, **more: str) -> list[str]:
        service = Service("Active", "Complete", total=1)
        service.listed = [job | {"Status": status} | more]
        assert replicate.apply(replicator(monkeypatch, service), wanted, never) == 0
        return [name for name, _ in service.calls]

    assert calls(CHOICE, "Active") == []
    assert calls(Choice(["FAILED", "NONE"]), "Active") == [], "the same in another order"
    assert calls(CHOICE, "Suspended") == ["create"]
    for other in (Choice(["FAILED"]), Choice(["NONE", "FAILED"], "results/"), Choice(CHOICE.statuses, "", NOW)):
        assert calls(other, "Active") == ["create"], "it copies something else"
    assert calls(CHOICE, "Active", Description="make replicate: lake-1 to lake-20; NONE") == ["create"]


def test_a_description_is_as_long_as_s3_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service("Complete", total=1)
    replicate.apply(replicator(monkeypatch, service), Choice(["NONE"], "x" * 1000), never)
    assert len(service.calls[0][1]["Description"]) == 256


def test_cancelling_ends_what_replicates_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service("Complete")
    service.listed = [
        {"JobId": "active", "Description": "make replicate: lake-1 to lake-2; NONE", "Status": "Active"},
        {"JobId": "waits", "Description": "make replicate: lake-1 to lake-2; FAILED", "Status": "Suspended"},
        {"JobId": "ended", "Description": "make replicate: lake-1 to lake-2; NONE", "Status": "Complete"},
        {"JobId": "prod", "Description": "make replicate: lake-1 to lake-20; NONE", "Status": "Active"},
        {"JobId": "by hand", "Status": "Active"},
    ]
    assert replicate.cancel(replicator(monkeypatch, service), "") == 0
    assert [asked["JobId"] for _, asked in service.calls] == ["active", "waits"]
    assert replicate.cancel(replicator(monkeypatch, service), "that-one") == 0
    assert service.calls[-1][1]["JobId"] == "that-one"


def test_statuses_and_times_are_read_or_refused() -> None:
    assert replicate.statuses_of("") == ["NONE", "FAILED"]
    assert replicate.statuses_of("replica, Failed") == ["REPLICA", "FAILED"]
    with pytest.raises(UserError, match="LOST is no replication status"):
        replicate.statuses_of("LOST")
    assert replicate.moment_of("") is None
    assert replicate.moment_of("2026-01-15") == datetime(2026, 1, 15, tzinfo=UTC)
    with pytest.raises(UserError, match="'soon' is no time"):
        replicate.moment_of("soon")
