"""Backups and replicas as applied: vaults closed and locked, plans as catalogued, failures told from both regions.

The events of AWS Backup come here as it would send them.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from common.catalogue import read_document
from scripts.localcloud import ACCOUNT
from tests.local.conftest import Platform, send, wait_until_told

VOLUME = f"arn:aws:ec2:ap-south-1:{ACCOUNT}:volume/vol-1"


def protection(platform: Platform) -> dict[str, Any]:
    return platform.handoffs["60-protection"]


@pytest.mark.parametrize("recovery", [False, True], ids=["primary", "recovery"])
def test_each_vault_is_locked_and_has_its_policy_and_key(platform: Platform, recovery: bool) -> None:
    backup, days = platform.client("backup", recovery), read_document("recovery")["backups"].values()
    name = protection(platform)["recovery_vault_name" if recovery else "vault_name"]
    vault = backup.describe_backup_vault(BackupVaultName=name)
    assert vault["Locked"]
    assert vault["MinRetentionDays"] == min(each["keep_days"] for each in days)
    assert vault["MaxRetentionDays"] == max(each["keep_days"] for each in days)
    assert "LockDate" not in vault, "in governance mode a lock has no date"
    keys = platform.handoffs["10-foundation"]["recovery_key_arns" if recovery else "key_arns"]
    assert vault["EncryptionKeyArn"] == keys["backup"]
    policy = json.loads(backup.get_backup_vault_access_policy(BackupVaultName=name)["Policy"])
    assert {statement["Effect"] for statement in policy["Statement"]} == {"Deny"}


def test_the_plans_are_those_of_the_catalogue(platform: Platform) -> None:
    backup, document = platform.client("backup"), read_document("recovery")
    prefix = platform.environment.prefix
    plans = {
        plan["BackupPlanName"].removeprefix(f"{prefix}-"): backup.get_backup_plan(BackupPlanId=plan["BackupPlanId"])
        for plan in backup.list_backup_plans()["BackupPlansList"]
        if plan["BackupPlanName"].startswith(prefix)
    }
    assert set(plans) == set(document["backups"])
    for name, wanted in document["backups"].items():
        (rule,) = plans[name]["BackupPlan"]["Rules"]
        assert rule["ScheduleExpression"] == wanted["schedule"]
        assert rule["ScheduleExpressionTimezone"] == document["business_hours"]["timezone"]
        (copy,) = rule["CopyActions"]
        assert copy["DestinationBackupVaultArn"] == protection(platform)["recovery_vault_arn"]
        assert rule["Lifecycle"]["DeleteAfterDays"] == copy["Lifecycle"]["DeleteAfterDays"] == wanted["keep_days"]


def test_the_shared_storage_is_replicated_to_the_replica(platform: Platform) -> None:
    efs = platform.client("efs")
    found = efs.describe_replication_configurations(FileSystemId=platform.storage["file_system_id"])
    ((replica,),) = ([*each["Destinations"]] for each in found["Replications"])
    assert replica["FileSystemId"] == protection(platform)["replica_file_system_id"]
    assert replica["Region"] == platform.environment.recovery_region


@pytest.mark.parametrize("recovery", [False, True], ids=["primary", "recovery"])
def test_a_job_that_fails_is_told_once_from_either_region(platform: Platform, recovery: bool) -> None:
    def tell(kind: str, *resources: str, **detail: str) -> None:
        send(platform, f"{kind} Job State Change", detail, *resources, recovery=recovery)

    job, snapshot = f"job-{recovery}", "arn:aws:ec2:ap-south-2::snapshot/snap-1"
    backup = {"resourceArn": VOLUME, "backupVaultArn": "v", "statusMessage": "no"}
    tell("Backup", **backup, backupJobId=job, state="FAILED")
    tell("Backup", **backup, backupJobId=f"fine-{job}", state="COMPLETED")
    copy = {"resourceArn": VOLUME, "destinationBackupVaultArn": "w", "statusMessage": "no copy"}
    tell("Copy", **copy, copyJobId=f"copy-{job}", state="FAILED")
    restore = {"resourceType": "EBS", "statusMessage": "no restore"}
    tell("Restore", snapshot, **restore, restoreJobId=f"restore-{job}", status="FAILED")
    (message,) = wait_until_told(platform, f"Backup of {VOLUME} is FAILED", f"(job {job}")
    assert "docs/runbooks/backups.md" in message
    wait_until_told(platform, f"Copy of a backup of {VOLUME} to w is FAILED", f"copy-{job}", "no copy")
    wait_until_told(platform, f"Restore of {snapshot} (EBS) is FAILED", f"restore-{job}")
    mails = platform.cloud.control("GET", "mailbox")
    assert not [mail for mail in mails if f"fine-{job}" in mail["message"]]


def test_an_alarm_of_the_recovery_region_is_told(platform: Platform) -> None:
    alarm = f"{platform.environment.prefix}-backup-critical-missing"
    arn = f"arn:aws:cloudwatch:{platform.environment.recovery_region}:{ACCOUNT}:alarm:{alarm}"
    (found,) = platform.client("cloudwatch", recovery=True).describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    assert found["AlarmArn"] == arn
    detail = {
        "alarmName": alarm,
        "configuration": {"description": found["AlarmDescription"]},
        "state": {"value": "ALARM", "reason": "no datapoint"},
    }
    send(platform, "CloudWatch Alarm State Change", detail, arn, recovery=True)
    (message,) = wait_until_told(platform, "ALARM at", arn, "no datapoint")
    assert "docs/runbooks/backups.md" in message
