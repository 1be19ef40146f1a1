"""AWS Backup: what is stored can be read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from ..conftest import Cloud
from .conftest import ROLE, unique


@pytest.fixture
def vault(cloud: Cloud) -> Iterator[str]:
    backup = cloud.client("backup")
    name = unique("vault")
    backup.create_backup_vault(BackupVaultName=name, BackupVaultTags={"a": "b"})
    yield name
    backup.delete_backup_vault(BackupVaultName=name)


def test_vault_shows_policy_lock_notifications_and_tags(cloud: Cloud, vault: str) -> None:
    backup = cloud.client("backup")
    names = {"BackupVaultName": vault}
    with pytest.raises(ClientError, match="has no access policy"):
        backup.get_backup_vault_access_policy(**names)
    backup.put_backup_vault_access_policy(**names, Policy="{}")
    assert backup.get_backup_vault_access_policy(**names)["Policy"] == "{}"
    backup.put_backup_vault_lock_configuration(**names, MinRetentionDays=7, ChangeableForDays=3)
    found = backup.describe_backup_vault(**names)
    assert (found["Locked"], found["MinRetentionDays"], found["NumberOfRecoveryPoints"]) == (True, 7, 0)
    assert "LockDate" in found
    backup.delete_backup_vault_lock_configuration(**names)
    assert backup.describe_backup_vault(**names)["Locked"] is False
    topic = "arn:aws:sns:ap-south-1:000000000000:topic"
    backup.put_backup_vault_notifications(**names, SNSTopicArn=topic, BackupVaultEvents=["BACKUP_JOB_FAILED"])
    assert backup.get_backup_vault_notifications(**names)["SNSTopicArn"] == topic
    assert backup.list_tags(ResourceArn=found["BackupVaultArn"])["Tags"] == {"a": "b"}


def test_plan_keeps_its_versions_and_waits_for_its_selections(cloud: Cloud, vault: str) -> None:
    backup = cloud.client("backup")
    plan = {"BackupPlanName": "plan", "Rules": [{"RuleName": "daily", "TargetBackupVaultName": vault}]}
    made = backup.create_backup_plan(BackupPlan=plan)
    identifier = made["BackupPlanId"]
    plan["Rules"][0] |= {"Lifecycle": {"DeleteAfterDays": 35}}  # type: ignore[index,operator]
    changed = backup.update_backup_plan(BackupPlanId=identifier, BackupPlan=plan)
    assert changed["VersionId"] != made["VersionId"]
    rule = backup.get_backup_plan(BackupPlanId=identifier)["BackupPlan"]["Rules"][0]
    assert rule["Lifecycle"] == {"DeleteAfterDays": 35}
    old = backup.get_backup_plan(BackupPlanId=identifier, VersionId=made["VersionId"])["BackupPlan"]["Rules"][0]
    assert "Lifecycle" not in old
    selection = backup.create_backup_selection(
        BackupPlanId=identifier,
        BackupSelection={"SelectionName": "all", "IamRoleArn": ROLE, "Resources": ["*"]},
    )["SelectionId"]
    with pytest.raises(ClientError, match="selections must be deleted"):
        backup.delete_backup_plan(BackupPlanId=identifier)
    backup.delete_backup_selection(BackupPlanId=identifier, SelectionId=selection)
    backup.delete_backup_plan(BackupPlanId=identifier)
    assert identifier not in [entry["BackupPlanId"] for entry in backup.list_backup_plans()["BackupPlansList"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"TargetBackupVaultName": "missing"}, "does not exist; create it first"),
        ({"Lifecycle": {"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 60}}, "at least 90 days after"),
    ],
)
def test_bad_rule_is_refused(cloud: Cloud, vault: str, change: dict[str, object], message: str) -> None:
    rule = {"RuleName": "daily", "TargetBackupVaultName": vault} | change
    with pytest.raises(ClientError, match=message):
        cloud.client("backup").create_backup_plan(BackupPlan={"BackupPlanName": "plan", "Rules": [rule]})


def test_missing_vault_is_not_found(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.client("backup").describe_backup_vault(BackupVaultName="missing")
