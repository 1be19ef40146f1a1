"""Backups as applied: made by the clock, copied, ended, brought back; and what is missing is noticed in time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from common.catalogue import read_document
from scripts.recovery.readiness import ready
from scripts.recovery.standby import Standby
from tests.local.conftest import Platform
from tests.patience import wait_for

DAY = timedelta(days=1)
RECOVERY = read_document("recovery")
BACKUPS = ("*backup-plan*", "end of recovery points")


def advance(platform: Platform, span: timedelta) -> None:
    platform.cloud.advance_clock(int(span.total_seconds()))


def points(platform: Platform, recovery: bool, kind: str) -> list[dict[str, Any]]:
    name = platform.handoffs["60-protection"]["recovery_vault_name" if recovery else "vault_name"]
    pages = platform.client("backup", recovery).get_paginator("list_recovery_points_by_backup_vault")
    return [
        point
        for page in pages.paginate(BackupVaultName=name, ByResourceType=kind)
        for point in page["RecoveryPoints"]
        if point["Status"] == "COMPLETED"
    ]


@pytest.fixture(scope="module")
def volumes(platform: Platform) -> Iterator[dict[str, str]]:
    """One volume that is backed up, and one without the tag; both are attached to nothing and protected."""
    ec2 = platform.client("ec2")
    made = {}
    for name, more in (("kept", {"kosha:backup": "daily"}), ("forgotten", {})):
        tags = [{"Key": key, "Value": value} for key, value in {"kosha:protect": "true", **more}.items()]
        made[name] = ec2.create_volume(
            AvailabilityZone=platform.handoffs["10-foundation"]["zones"][0],
            Size=1,
            Encrypted=True,
            TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
        )["VolumeId"]
        content = platform.cloud.directory / "volumes" / made[name]
        content.parent.mkdir(exist_ok=True)
        content.write_text(name)
    yield made
    for volume in made.values():
        ec2.delete_volume(VolumeId=volume)


def test_backups_are_made_after_work_copied_and_ended_after_their_days(
    platform: Platform, volumes: dict[str, str]
) -> None:
    keep = {each["protects"]: each["keep_days"] * DAY for each in RECOVERY["backups"].values()}
    (platform.shared_storage / "active" / "notes.txt").write_text("notes")
    with platform.cloud.resting_but(*BACKUPS):
        advance(platform, 8 * DAY)
    for recovery in (False, True):
        of_volumes = points(platform, recovery, "EBS")
        assert {point["ResourceArn"].rpartition("/")[2] for point in of_volumes} == {volumes["kept"]}
        assert len(of_volumes) == 7
        assert max(platform.now() - point["CreationDate"] for point in of_volumes) <= keep["volumes"]
        assert all(f"{point['CreationDate']:%H:%M}" == "15:00" for point in of_volumes), "20:30 in Kolkata"
        of_storage = points(platform, recovery, "EFS")
        assert len(of_storage) >= 7 * 24, "its own term is longer"
        assert max(platform.now() - point["CreationDate"] for point in of_storage) > 7 * DAY
    snapshots = platform.client("ec2", recovery=True).describe_snapshots(OwnerIds=["self"])["Snapshots"]
    named = {point["RecoveryPointArn"].rpartition("/")[2] for point in points(platform, True, "EBS")}
    backed_up = {each["SnapshotId"] for each in snapshots if "aws:backup:source-resource" in json.dumps(each["Tags"])}
    assert backed_up == named


def test_what_was_there_comes_back_in_the_recovery_region(platform: Platform, volumes: dict[str, str]) -> None:
    backup, protection = platform.client("backup", recovery=True), platform.handoffs["60-protection"]
    newest = max(points(platform, True, "EBS"), key=lambda point: point["CreationDate"])
    job = backup.start_restore_job(
        RecoveryPointArn=newest["RecoveryPointArn"],
        Metadata={
            "availabilityZone": f"{platform.environment.recovery_region}a",
            "encrypted": "true",
            "kmsKeyId": platform.handoffs["10-foundation"]["recovery_key_arns"]["volumes"],
        },
        IamRoleArn=protection["restore_role_arn"],
    )["RestoreJobId"]
    ended = backup.describe_restore_job(RestoreJobId=job)
    assert ended["Status"] == "COMPLETED", ended.get("StatusMessage")
    volume = ended["CreatedResourceArn"].rpartition("/")[2]
    assert (platform.cloud.directory / "volumes" / volume).read_text() == "kept"
    platform.client("ec2", recovery=True).delete_volume(VolumeId=volume)


# ----------------------------------------------------------------------------------------------------- sabotage
# Each is something somebody forgets or breaks. It must be noticed by itself, long before the copy is needed.


def told(platform: Platform, *words: str) -> list[str]:
    mails = platform.cloud.control("GET", "mailbox")
    return [mail["message"] for mail in mails if all(word in mail["message"] for word in words)]


def state_of(platform: Platform, alarm: str, recovery: bool = False) -> str:
    """As CloudWatch finds it when it looks now."""
    looked = platform.cloud.control("POST", "alarms/evaluate", {"name": f"{platform.environment.prefix}-{alarm}"})
    region = platform.environment.recovery_region if recovery else platform.environment.region
    (found,) = [each["state"] for each in looked if each["region"] == region]
    return str(found)


@contextmanager
def replication_role(platform: Platform, without: str) -> Iterator[None]:
    """The role that copies the lake lacks a right."""
    iam, role = platform.client("iam"), f"{platform.environment.prefix}-lake-replication"
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    whole = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    short = json.loads(json.dumps(whole).replace(f', "{without}"', ""))
    assert short != whole
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(short))
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(whole))


def test_a_replication_role_that_may_not_read_tags_raises_an_alarm(platform: Platform) -> None:
    s3, bucket = platform.client("s3"), platform.storage["lake_bucket"]
    key = "quality-reports/lambda-phage/qc_lambda-phage_hyd-01_SABOTAGE.html"

    def status() -> str:
        return str(s3.head_object(Bucket=bucket, Key=key).get("ReplicationStatus"))

    assert state_of(platform, "replication-lake-failed") == "OK"
    with replication_role(platform, without="s3:GetObjectVersionTagging"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"report")
        wait_for("S3 gives up", lambda: status() == "FAILED")
    wait_for("the alarm", lambda: state_of(platform, "replication-lake-failed") == "ALARM")
    wait_for("its mail", lambda: told(platform, "replication-lake-failed", "ALARM", "docs/runbooks/"))


def test_a_replica_key_that_cannot_be_used_is_told(platform: Platform, volumes: dict[str, str]) -> None:
    kms, key = platform.client("kms", recovery=True), platform.handoffs["10-foundation"]["recovery_key_arns"]["backup"]
    kms.disable_key(KeyId=key)
    try:
        with platform.cloud.resting_but(*BACKUPS):
            advance(platform, DAY)
    finally:
        kms.enable_key(KeyId=key)
    wait_for("a notice", lambda: told(platform, f"volume/{volumes['kept']}", "FAILED", key))


def test_a_plan_without_its_copy_raises_an_alarm_in_the_recovery_region(platform: Platform) -> None:
    backup, name = platform.client("backup"), f"{platform.environment.prefix}-critical"
    (found,) = [each for each in backup.list_backup_plans()["BackupPlansList"] if each["BackupPlanName"] == name]
    plan = backup.get_backup_plan(BackupPlanId=found["BackupPlanId"])["BackupPlan"]
    rules = [{name: value for name, value in rule.items() if name != "RuleId"} for rule in plan["Rules"]]
    short = [{name: value for name, value in rule.items() if name != "CopyActions"} for rule in rules]
    with platform.cloud.resting_but(*BACKUPS):
        advance(platform, DAY / 12)
        assert state_of(platform, "backup-critical-missing", recovery=True) == "OK"
        backup.update_backup_plan(BackupPlanId=found["BackupPlanId"], BackupPlan={**plan, "Rules": short})
        try:
            advance(platform, DAY / 2)
        finally:
            backup.update_backup_plan(BackupPlanId=found["BackupPlanId"], BackupPlan={**plan, "Rules": rules})
    assert state_of(platform, "backup-critical-missing") == "OK", "the backups themselves are made"
    assert state_of(platform, "backup-critical-missing", recovery=True) == "ALARM"


def test_readiness_names_a_volume_that_nothing_backs_up(
    platform: Platform, volumes: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KOSHA_LOCALCLOUD_PORT", str(platform.cloud.port))
    standby = Standby(platform.environment)
    with platform.cloud.resting_but(*BACKUPS, "replication of *"):
        advance(platform, DAY)
    ready(standby)
    shown = capsys.readouterr().out
    assert f"{volumes['forgotten']}: it has no tag kosha:backup" in shown
    assert volumes["kept"] not in shown
