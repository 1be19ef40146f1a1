"""Steps of the recovery against stand-ins of AWS: what they name, and what they leave of an interrupted run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.infrastructure.environments import load_environment
from scripts.recovery import failback, failover, readiness, standby
from scripts.recovery.standby import Standby
from scripts.talk import UserError

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
ZONE = "ap-south-2a"
HANDOFFS: dict[str, dict[str, Any]] = {
    "10-foundation": {"recovery_key_arns": {"volumes": "key"}},
    "20-storage": {
        "file_system_id": "fs-1",
        "file_system_arn": "arn:fs-1",
        "lake_bucket": "lake",
        "replica_bucket": "replica",
    },
    "60-protection": {"recovery_vault_name": "vault", "restore_role_arn": "role", "replica_file_system_id": "fs-2"},
    "90-recovery": {"zones": [ZONE], "cluster_name": "cluster"},
}


class Service:
    """A client whose answers are given; a paginated call has one page."""

    exceptions: Any = None

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**parameters: Any) -> Any:
            self.calls.append((name, parameters))
            answer = self.answers[name]
            return answer(**parameters) if callable(answer) else answer

        return call

    def get_paginator(self, name: str) -> Any:
        def paginate(**parameters: Any) -> Iterator[Any]:
            yield getattr(self, name)(**parameters)

        return type("Pages", (), {"paginate": staticmethod(paginate)})

    def called(self, name: str) -> list[dict[str, Any]]:
        return [parameters for called, parameters in self.calls if called == name]


@dataclass(frozen=True)
class Stand(Standby):
    """A standby whose clients are stand-ins, the same in both regions."""

    services: Mapping[str, Service] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return self.services[service]

    primary = client

    def handoff(self, root: str) -> dict[str, Any]:
        return HANDOFFS[root]


def stand(**services: Service) -> Stand:
    return Stand(load_environment("dev"), services)


def point(volume: str) -> dict[str, Any]:
    return {
        "ResourceArn": f"arn:aws:ec2:ap-south-1:1:volume/{volume}",
        "RecoveryPointArn": f"point-of-{volume}",
        "ResourceType": "EBS",
        "Status": "COMPLETED",
        "CreationDate": NOW,
    }


def job(volume: str, status: str, **more: Any) -> dict[str, Any]:
    made = {"CreatedResourceArn": f"arn:volume/new-{volume}"} if status == "COMPLETED" else {}
    return {"RestoreJobId": f"job-{volume}", "RecoveryPointArn": f"point-of-{volume}", "Status": status} | made | more


class Restores(Service):
    """AWS Backup with these jobs; one that is started ends as ``ends`` says."""

    def __init__(self, jobs: list[dict[str, Any]], ends: Mapping[str, str]) -> None:
        self.jobs = {each["RestoreJobId"]: each for each in jobs}
        super().__init__(
            list_recovery_points_by_backup_vault={"RecoveryPoints": [point(each) for each in ("a", "b", "c")]},
            get_recovery_point_restore_metadata={"RestoreMetadata": {}},
            list_restore_jobs=lambda **_: {"RestoreJobs": list(self.jobs.values())},
            describe_restore_job=lambda RestoreJobId: self.jobs[RestoreJobId],
        )
        self.answers["start_restore_job"] = self.start
        self.ends = ends

    def start(self, RecoveryPointArn: str, **_: Any) -> dict[str, str]:
        volume = RecoveryPointArn.removeprefix("point-of-")
        made = job(volume, self.ends.get(volume, "COMPLETED"), RestoreJobId=f"new-job-{volume}")
        self.jobs[made["RestoreJobId"]] = made
        return {"RestoreJobId": made["RestoreJobId"]}

    @property
    def started(self) -> list[str]:
        return [each["RecoveryPointArn"] for each in self.called("start_restore_job")]


def volumes_of(tagged: Mapping[str, str], there: Mapping[str, str]) -> Service:
    """EC2 with volumes: recovery point -> the one tagged with it, and id -> zone of the others."""
    volumes: list[dict[str, Any]] = [{"VolumeId": each, "AvailabilityZone": zone} for each, zone in there.items()]
    for arn, each in tagged.items():
        tags = [{"Key": failover.RESTORED_FROM, "Value": arn}]
        volumes.append({"VolumeId": each, "AvailabilityZone": ZONE, "Tags": tags})
    return Service(describe_volumes={"Volumes": volumes}, create_tags={})


def tags_of(ec2: Service) -> dict[str, str]:
    return {each["Resources"][0]: each["Tags"][0]["Value"] for each in ec2.called("create_tags")}


def test_a_restore_that_fails_is_named_when_the_others_are_done() -> None:
    backup, ec2 = Restores([], {"b": "FAILED"}), volumes_of({}, {})
    with pytest.raises(UserError, match=r"^restore job new-job-b ended FAILED: AWS gives no reason$"):
        failover.restore_volumes(stand(backup=backup, ec2=ec2))
    assert tags_of(ec2) == {"new-a": "point-of-a", "new-c": "point-of-c"}


def test_restoring_again_begins_only_what_was_not_begun() -> None:
    jobs = [job("a", "COMPLETED"), job("b", "RUNNING"), job("c", "FAILED")]
    backup, ec2 = Restores(jobs, {}), volumes_of({}, {"new-a": ZONE})
    backup.answers["describe_restore_job"] = lambda RestoreJobId: (
        job("b", "COMPLETED") if RestoreJobId == "job-b" else backup.jobs[RestoreJobId]
    )
    assert failover.restore_volumes(stand(backup=backup, ec2=ec2)) == 0
    assert backup.started == ["point-of-c"]
    assert tags_of(ec2) == {"new-a": "point-of-a", "new-b": "point-of-b", "new-c": "point-of-c"}


def test_what_was_restored_and_is_gone_or_elsewhere_is_restored_again() -> None:
    test = {"CreatedBy": {"RestoreTestingPlanArn": "weekly"}}
    jobs = [job("a", "COMPLETED"), job("b", "COMPLETED"), job("c", "RUNNING", **test)]
    backup, ec2 = Restores(jobs, {}), volumes_of({}, {"new-b": "ap-south-2b"})
    assert failover.restore_volumes(stand(backup=backup, ec2=ec2)) == 0
    assert backup.started == ["point-of-a", "point-of-b", "point-of-c"]


def test_a_volume_that_is_tagged_is_left_alone() -> None:
    backup, ec2 = Restores([], {}), volumes_of({"point-of-a": "mine"}, {})
    assert failover.restore_volumes(stand(backup=backup, ec2=ec2)) == 0
    assert backup.started == ["point-of-b", "point-of-c"]


def test_a_schedule_of_somebody_else_is_none_of_the_platforms(capsys: pytest.CaptureFixture[str]) -> None:
    class ReplicationNotFound(Exception): ...

    def not_found(**_: Any) -> None:
        raise ReplicationNotFound

    efs = Service(
        describe_replication_configurations=not_found,
        describe_mount_targets={"MountTargets": [{"LifeCycleState": "available"}]},
    )
    efs.exceptions = type("Exceptions", (), {"ReplicationNotFound": ReplicationNotFound})
    schedules = [{"Name": "kosha-dev-recovery-x", "State": "ENABLED"}, {"Name": "theirs", "State": "DISABLED"}]
    scheduler = Service(list_schedules={"Schedules": schedules})
    services = {
        "efs": efs,
        "s3": Service(list_objects_v2={}),
        "eks": Service(describe_cluster={"cluster": {"status": "ACTIVE"}}),
        "scheduler": scheduler,
    }
    assert failover.check(stand(**services)) == 0
    scheduler.answers["list_schedules"] = {"Schedules": schedules[1:]}
    assert failover.check(stand(**services)) == 1
    assert "schedules: there is none" in capsys.readouterr().out


def lake_with(states: dict[str, list[str]]) -> Service:
    """A bucket whose objects are in these states, one after the other; deleted where there is no more."""

    def head_object(Key: str, **_: Any) -> dict[str, str]:
        if not states[Key]:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        return {"ReplicationStatus": states[Key].pop(0)}

    return Service(list_objects_v2={"Contents": [{"Key": key} for key in states]}, head_object=head_object)


def test_only_what_waits_for_its_replica_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(standby.LOOK_SECONDS, False, 0)
    s3 = lake_with({"a": ["COMPLETED"], "b": ["PENDING", "PENDING", "COMPLETED"], "c": ["REPLICA"], "d": ["PENDING"]})
    assert failback.await_replicas(stand(s3=s3)) == 0
    asked = [each["Key"] for each in s3.called("head_object")]
    assert sorted(asked) == ["a", "b", "b", "b", "c", "d", "d"]


def test_what_s3_gave_up_is_named_whenever_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(standby.LOOK_SECONDS, False, 0)
    s3 = lake_with({"a": ["FAILED"], "b": ["PENDING", "FAILED"], "c": ["PENDING", "COMPLETED"]})
    with pytest.raises(UserError, match=r"gave up on 2 objects of replica \(a, b\)"):
        failback.await_replicas(stand(s3=s3))


@pytest.mark.parametrize(
    ("tags", "named"),
    [
        ({}, "it has no tag kosha:backup,"),
        ({"kosha:backup": "Daily"}, "it has the tag kosha:backup=Daily,"),
        ({"kosha:backup": "none"}, ""),
        ({"kosha:backup": "daily"}, "there is no recovery point of it"),
    ],
)
def test_a_volume_that_nothing_backs_up_is_named(tags: dict[str, str], named: str) -> None:
    volume = {
        "VolumeId": "vol-1",
        "Attachments": [],
        "CreateTime": NOW - timedelta(days=9),
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    header = {"ResponseMetadata": {"HTTPHeaders": {"date": "Thu, 15 Jan 2026 12:00:00 GMT"}}}
    standing = stand(
        ec2=Service(describe_volumes={"Volumes": [volume]}),
        backup=Service(list_recovery_points_by_backup_vault={"RecoveryPoints": []}),
        sts=Service(get_caller_identity=header),
    )
    found = list(readiness._volumes(standing))
    assert [what for what, _ in found] == ["vol-1"] * bool(named)
    assert all(why.startswith(named) for _, why in found)
