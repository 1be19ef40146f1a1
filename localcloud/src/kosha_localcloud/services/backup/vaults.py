"""Vaults, their policies, locks and notifications."""

from __future__ import annotations

import uuid
from datetime import timedelta

from localstack.aws.api import RequestContext

from kosha_localcloud.services.backup.state import Vault, place_of, table, vault_named
from kosha_localcloud.services.identifiers import arn, now
from kosha_localcloud.services.operations import Document, refuse


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
    del state.vaults[request["BackupVaultName"]]
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
    document = vault_named(place_of(context), request["BackupVaultName"]).document
    document["Locked"] = True
    for given in ("MinRetentionDays", "MaxRetentionDays"):
        document.pop(given, None)
        if given in request:
            document[given] = request[given]
    document.pop("LockDate", None)
    if "ChangeableForDays" in request:
        document["LockDate"] = now() + timedelta(days=request["ChangeableForDays"])


@table.stored("DeleteBackupVaultLockConfiguration")
def delete_backup_vault_lock_configuration(context: RequestContext, request: Document) -> None:
    document = vault_named(place_of(context), request["BackupVaultName"]).document
    lock_date = document.get("LockDate")
    if lock_date is not None and lock_date <= now():
        raise refuse(
            "InvalidRequestException", f"The lock of {request['BackupVaultName']} took effect on {lock_date:%Y-%m-%d}."
        )
    document["Locked"] = False
    for key in ("MinRetentionDays", "MaxRetentionDays", "LockDate"):
        document.pop(key, None)


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
