"""Backup and copy jobs: made by plans and by calls, done at once."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from localstack.aws.api import RequestContext

from kosha_localcloud.gateway.regions import REGIONS
from kosha_localcloud.services.backup import events
from kosha_localcloud.services.backup.faults import faults
from kosha_localcloud.services.backup.resources import KINDS, BackupError, Resource, check_copy, resource_by_arn
from kosha_localcloud.services.backup.state import (
    Place,
    Vault,
    found,
    keep,
    listed,
    place_of,
    table,
    vault_by_arn,
    vault_named,
)
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document, refuse

LOG = logging.getLogger(__name__)


def back_up(place: Place, resource: Resource, vault: Vault, wanted: Document, by: Document | None = None) -> Document:
    """Do a backup job; gives the job, which says how it ended.

    Args:
        place: where the resource and the vault are.
        resource: what is backed up.
        vault: where the recovery point goes.
        wanted: IamRoleArn, Lifecycle, RecoveryPointTags, as StartBackupJob and the rule of a plan have them.
        by: the plan and rule that start it (CreatedBy).
    """
    begun = now()
    job: Document = {
        "AccountId": place.account,
        "BackupJobId": str(uuid.uuid4()),
        "BackupVaultName": vault.name,
        "BackupVaultArn": vault.arn,
        "ResourceArn": resource.arn,
        "ResourceType": resource.type,
        "ResourceName": resource.name,
        "IamRoleArn": wanted["IamRoleArn"],
        "CreationDate": begun,
        "CreatedBy": by,
        "PercentDone": "100.0",
        "BackupSizeInBytes": resource.size,
    }
    place.state.backup_jobs[job["BackupJobId"]] = job
    try:
        if faults.strike("fail", resource.arn, "backup"):
            raise BackupError("The backup job failed: a fault of the local cloud.")
        _check_retention(vault, wanted.get("Lifecycle"))
        made = KINDS[resource.type].take(resource, vault, wanted["IamRoleArn"])
        point = _point(vault, resource.arn, resource.type, resource.size, made, wanted, begun)
        point |= {"CreatedBy": by, "ResourceName": resource.name}
        tags = {**resource.tags, **(wanted.get("RecoveryPointTags") or {})}
        place.state.tags[point["RecoveryPointArn"]] = {
            key: value for key, value in tags.items() if not key.startswith("aws:")
        }
        job |= {"State": "COMPLETED", "RecoveryPointArn": point["RecoveryPointArn"]}
        events.point_changed(place, vault, point)
    except BackupError as error:
        job |= {"State": "FAILED", "StatusMessage": str(error)}
        LOG.info("Backup of %s failed: %s", resource.arn, error)
    job["CompletionDate"] = now()
    events.job_ended(place, "BACKUP", job, vault, [resource.arn])
    return job


def copy(place: Place, point: Document, vault: Vault, wanted: Document, by: Document | None = None) -> Document:
    """Do a copy job from where the recovery point is; `wanted` has IamRoleArn and Lifecycle. Gives the job."""
    _, _, _, region, account, *_ = vault.arn.split(":")
    there = Place(account, region)
    begun = now()
    job: Document = {
        "AccountId": place.account,
        "CopyJobId": str(uuid.uuid4()),
        "SourceBackupVaultArn": point["BackupVaultArn"],
        "SourceRecoveryPointArn": point["RecoveryPointArn"],
        "DestinationBackupVaultArn": vault.arn,
        "ResourceArn": point["ResourceArn"],
        "ResourceType": point["ResourceType"],
        "BackupSizeInBytes": point["BackupSizeInBytes"],
        "IamRoleArn": wanted["IamRoleArn"],
        "CreationDate": begun,
        "CreatedBy": by,
    }
    place.state.copy_jobs[job["CopyJobId"]] = job
    try:
        if REGIONS.is_stopped(region):
            raise BackupError(f"{region} does not answer.")
        if faults.strike("fail", point["ResourceArn"], "copy"):
            raise BackupError("The copy job failed: a fault of the local cloud.")
        _check_retention(vault, wanted.get("Lifecycle"))
        check_copy(wanted["IamRoleArn"], point["RecoveryPointArn"], vault, place)
        made = KINDS[point["ResourceType"]].copy(point, there, vault, wanted["IamRoleArn"])
        copied = _point(
            vault, point["ResourceArn"], point["ResourceType"], point["BackupSizeInBytes"], made, wanted, begun
        )
        copied |= {"SourceBackupVaultArn": point["BackupVaultArn"], "ResourceName": point.get("ResourceName", "")}
        there.state.tags[copied["RecoveryPointArn"]] = dict(place.state.tags.get(point["RecoveryPointArn"], {}))
        job |= {"State": "COMPLETED", "DestinationRecoveryPointArn": copied["RecoveryPointArn"]}
        events.point_changed(there, vault, copied)
    except BackupError as error:
        job |= {"State": "FAILED", "StatusMessage": str(error)}
        LOG.info("Copy of %s failed: %s", point["RecoveryPointArn"], error)
    job["CompletionDate"] = now()
    events.job_ended(place, "COPY", job, vault, [point["RecoveryPointArn"]])
    return job


def _point(vault: Vault, resource: str, kind: str, size: int, made: Document, wanted: Document, begun: Any) -> Document:
    point: Document = {
        **made,
        "BackupVaultName": vault.name,
        "BackupVaultArn": vault.arn,
        "ResourceArn": resource,
        "ResourceType": kind,
        "IamRoleArn": wanted["IamRoleArn"],
        "Status": "COMPLETED",
        "CreationDate": begun,
        "CompletionDate": now(),
        "BackupSizeInBytes": size,
        "IsEncrypted": True,
        "StorageClass": "WARM",
        "VaultType": "BACKUP_VAULT",
    }
    keep(point, wanted.get("Lifecycle"))
    vault.points[point["RecoveryPointArn"]] = point
    vault.document["NumberOfRecoveryPoints"] = len(vault.points)
    return point


def _check_retention(vault: Vault, lifecycle: Document | None) -> None:
    """A locked vault takes what is kept within its bounds and nothing else
    (https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html)."""
    if not vault.document.get("Locked"):
        return
    days = (lifecycle or {}).get("DeleteAfterDays")
    least, most = vault.document.get("MinRetentionDays"), vault.document.get("MaxRetentionDays")
    if (least and days is not None and days < least) or (most and (days is None or days > most)):
        raise BackupError(
            f"The vault {vault.name} is locked and takes what is kept {least or 1} to {most or 'any number of'} days, "
            f"and this would be kept {'for good' if days is None else f'{days} days'}."
        )


# ---------------------------------------------------------------------------------------------------- operations


@table.real("StartBackupJob", "done when the call returns; EBS and EFS")
def start_backup_job(context: RequestContext, request: Document) -> Document:
    place = place_of(context)
    vault = vault_named(place, request["BackupVaultName"])
    try:
        resource = resource_by_arn(place, request["ResourceArn"])
    except BackupError as error:
        raise refuse("InvalidParameterValueException", str(error)) from error
    job = back_up(place, resource, vault, request)
    answer = {name: job[name] for name in ("BackupJobId", "CreationDate")}
    return answer | ({"RecoveryPointArn": job["RecoveryPointArn"]} if "RecoveryPointArn" in job else {})


@table.real("StartCopyJob", "done when the call returns")
def start_copy_job(context: RequestContext, request: Document) -> Document:
    place = place_of(context)
    vault = vault_named(place, request["SourceBackupVaultName"])
    point = found(vault.points, request["RecoveryPointArn"], "recovery point")
    job = copy(place, point, vault_by_arn(request["DestinationBackupVaultArn"]), request)
    return {name: job[name] for name in ("CopyJobId", "CreationDate")}


@table.real("DescribeBackupJob")
def describe_backup_job(context: RequestContext, request: Document) -> Document:
    return found(place_of(context).state.backup_jobs, request["BackupJobId"], "backup job")


@table.real("DescribeCopyJob")
def describe_copy_job(context: RequestContext, request: Document) -> Document:
    return {"CopyJob": found(place_of(context).state.copy_jobs, request["CopyJobId"], "copy job")}


@table.real("ListBackupJobs")
def list_backup_jobs(context: RequestContext, request: Document) -> Document:
    filters = {
        "ByResourceArn": lambda job: job["ResourceArn"],
        "ByState": lambda job: job["State"],
        "ByBackupVaultName": lambda job: job["BackupVaultName"],
        "ByResourceType": lambda job: job["ResourceType"],
    }
    return {"BackupJobs": listed(place_of(context).state.backup_jobs.values(), request, filters, "CreationDate")}


@table.real("ListCopyJobs")
def list_copy_jobs(context: RequestContext, request: Document) -> Document:
    filters = {
        "ByResourceArn": lambda job: job["ResourceArn"],
        "ByState": lambda job: job["State"],
        "ByDestinationVaultArn": lambda job: job["DestinationBackupVaultArn"],
        "ByResourceType": lambda job: job["ResourceType"],
    }
    return {"CopyJobs": listed(place_of(context).state.copy_jobs.values(), request, filters, "CreationDate")}
