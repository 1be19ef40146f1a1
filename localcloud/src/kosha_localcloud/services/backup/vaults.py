"""Vaults, their policies, locks and notifications."""

from __future__ import annotations

import uuid
from datetime import timedelta

from localstack.aws.api import RequestContext

from kosha_localcloud.services.backup.state import Vault, place_of, table, vault_named
from kosha_localcloud.services.identifiers import arn, now
from kosha_localcloud.services.operations import Document, refuse

LEAST_DAYS, MOST_DAYS = 1, 36500
COOLING_OFF_DAYS = 3


@table.stored("CreateBackupVault")
def create_backup_vault(context: RequestContext, request: Document) -> Document:
    state = place_of(context).state
    name = request["BackupVaultName"]
    if name in state.vaults:
        raise refuse("AlreadyExistsException", f"Backup vault with the same name already exists: {name}")
    vault_arn = arn("backup", context.region, context.account_id, f"backup-vault:{name}")
    default_key = arn("kms", context.region, context.account_id, "alias/aws/backup")
    document: Document = {
        "BackupVaultName": name,
        "BackupVaultArn": vault_arn,
        "VaultType": "BACKUP_VAULT",
        "VaultState": "AVAILABLE",
        "EncryptionKeyArn": request.get("EncryptionKeyArn") or default_key,
        "CreationDate": now(),
        "CreatorRequestId": request.get("CreatorRequestId") or str(uuid.uuid4()),
        "NumberOfRecoveryPoints": 0,
        "Locked": False,
    }
    state.vaults[name] = Vault(document)
    state.tags[vault_arn] = dict(request.get("BackupVaultTags") or {})
    return {key: document[key] for key in ("BackupVaultName", "BackupVaultArn", "CreationDate")}


@table.stored("DescribeBackupVault")
def describe_backup_vault(context: RequestContext, request: Document) -> Document:
    return vault_named(place_of(context), request["BackupVaultName"]).document


@table.stored("ListBackupVaults")
def list_backup_vaults(context: RequestContext, _request: Document) -> Document:
    return {"BackupVaultList": [vault.document for vault in place_of(context).state.vaults.values()]}


@table.stored("DeleteBackupVault")
def delete_backup_vault(context: RequestContext, request: Document) -> None:
    vault = vault_named(place_of(context), request["BackupVaultName"])
    if vault.points:
        raise refuse(
            "InvalidRequestException", f"Backup vault {vault.name} cannot be deleted: it holds recovery points."
        )
    state = place_of(context).state
    del state.vaults[vault.name]
    state.tags.pop(vault.document["BackupVaultArn"], None)


@table.real("PutBackupVaultAccessPolicy", "decides calls on its recovery points")
def put_backup_vault_access_policy(context: RequestContext, request: Document) -> None:
    vault_named(place_of(context), request["BackupVaultName"]).policy = request.get("Policy")


@table.stored("GetBackupVaultAccessPolicy")
def get_backup_vault_access_policy(context: RequestContext, request: Document) -> Document:
    vault = vault_named(place_of(context), request["BackupVaultName"])
    if vault.policy is None:
        raise refuse(
            "ResourceNotFoundException", f"Backup vault {request['BackupVaultName']} has no access policy.", 404
        )
    return {
        "BackupVaultName": request["BackupVaultName"],
        "BackupVaultArn": vault.document["BackupVaultArn"],
        "Policy": vault.policy,
    }


@table.stored("DeleteBackupVaultAccessPolicy")
def delete_backup_vault_access_policy(context: RequestContext, request: Document) -> None:
    vault_named(place_of(context), request["BackupVaultName"]).policy = None


@table.real("PutBackupVaultLockConfiguration", "refuses other retentions at once, early ends from its date on")
def put_backup_vault_lock_configuration(context: RequestContext, request: Document) -> None:
    vault = vault_named(place_of(context), request["BackupVaultName"])
    _refuse_locked(vault)
    _check_lock(request)
    _unlock(vault.document)
    vault.document |= {name: request[name] for name in ("MinRetentionDays", "MaxRetentionDays") if name in request}
    vault.document["Locked"] = True
    if "ChangeableForDays" in request:
        vault.document["LockDate"] = now() + timedelta(days=request["ChangeableForDays"])


def _check_lock(wanted: Document) -> None:
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultLockConfiguration.html"""
    least, most = wanted.get("MinRetentionDays", LEAST_DAYS), wanted.get("MaxRetentionDays", MOST_DAYS)
    if not LEAST_DAYS <= least <= most <= MOST_DAYS:
        raise refuse(
            "InvalidParameterValueException",
            f"Retention of {least} to {most} days: keep within {LEAST_DAYS} and {MOST_DAYS}, the least first.",
        )
    if wanted.get("ChangeableForDays", COOLING_OFF_DAYS) < COOLING_OFF_DAYS:
        raise refuse("InvalidParameterValueException", f"ChangeableForDays must be at least {COOLING_OFF_DAYS}.")


@table.stored("DeleteBackupVaultLockConfiguration")
def delete_backup_vault_lock_configuration(context: RequestContext, request: Document) -> None:
    vault = vault_named(place_of(context), request["BackupVaultName"])
    _refuse_locked(vault)
    _unlock(vault.document)


def _refuse_locked(vault: Vault) -> None:
    if since := vault.locked_since:
        raise refuse("InvalidRequestException", f"The lock of {vault.name} took effect on {since:%Y-%m-%d}.")


def _unlock(document: Document) -> None:
    document["Locked"] = False
    for name in ("MinRetentionDays", "MaxRetentionDays", "LockDate"):
        document.pop(name, None)


@table.real("PutBackupVaultNotifications", "of jobs that end")
def put_backup_vault_notifications(context: RequestContext, request: Document) -> None:
    vault_named(place_of(context), request["BackupVaultName"]).notifications = {
        key: request[key] for key in ("SNSTopicArn", "BackupVaultEvents")
    }


@table.stored("GetBackupVaultNotifications")
def get_backup_vault_notifications(context: RequestContext, request: Document) -> Document:
    vault = vault_named(place_of(context), request["BackupVaultName"])
    if vault.notifications is None:
        raise refuse(
            "ResourceNotFoundException", f"Backup vault {request['BackupVaultName']} has no notifications.", 404
        )
    return {
        "BackupVaultName": request["BackupVaultName"],
        "BackupVaultArn": vault.document["BackupVaultArn"],
        **vault.notifications,
    }


@table.stored("DeleteBackupVaultNotifications")
def delete_backup_vault_notifications(context: RequestContext, request: Document) -> None:
    vault_named(place_of(context), request["BackupVaultName"]).notifications = None
