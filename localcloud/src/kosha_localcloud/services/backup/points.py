"""Recovery points: what there is, how long it is kept, and its end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from localstack.aws.api import RequestContext

from kosha_localcloud.gateway.regions import REGIONS
from kosha_localcloud.services.backup import events
from kosha_localcloud.services.backup.resources import KINDS
from kosha_localcloud.services.backup.state import (
    STATE,
    Place,
    Vault,
    found,
    keep,
    listed,
    place_of,
    table,
    vault_named,
)
from kosha_localcloud.services.operations import Document, refuse

LOG = logging.getLogger(__name__)


def due(moment: datetime) -> Iterator[tuple[Place, Vault, Document]]:
    """Every recovery point whose time is over."""
    for account, region, state in STATE.everywhere():
        for vault in list(state.vaults.values()):
            for point in list(vault.points.values()):
                end = (point.get("CalculatedLifecycle") or {}).get("DeleteAt")
                if end is not None and end <= moment:
                    yield Place(account, region), vault, point


def next_end() -> datetime | None:
    """When the next recovery point's time is over, in the regions that run."""
    ends = (
        point["CalculatedLifecycle"]["DeleteAt"]
        for _, region, state in STATE.everywhere()
        if not REGIONS.is_stopped(region)
        for vault in list(state.vaults.values())
        for point in list(vault.points.values())
        if point.get("CalculatedLifecycle")
    )
    return min(ends, default=None)


def remove(place: Place, vault: Vault, point: Document) -> None:
    """Remove a recovery point and what it holds."""
    KINDS[point["ResourceType"]].remove(point, place)
    vault.points.pop(point["RecoveryPointArn"], None)
    vault.document["NumberOfRecoveryPoints"] = len(vault.points)
    place.state.tags.pop(point["RecoveryPointArn"], None)
    point["Status"] = "DELETED"
    events.point_changed(place, vault, point)


def _point(context: RequestContext, request: Document) -> tuple[Vault, Document]:
    vault = vault_named(place_of(context), request["BackupVaultName"])
    return vault, found(vault.points, request["RecoveryPointArn"], "recovery point")


def _refuse_locked(vault: Vault, what: str) -> None:
    if since := vault.locked_since:
        raise refuse("InvalidRequestException", f"The vault {vault.name} is locked since {since:%Y-%m-%d}: {what}.")


@table.real("DescribeRecoveryPoint")
def describe_recovery_point(context: RequestContext, request: Document) -> Document:
    return _point(context, request)[1]


@table.real("ListRecoveryPointsByBackupVault")
def list_recovery_points_by_backup_vault(context: RequestContext, request: Document) -> Document:
    filters = {
        "ByResourceArn": lambda point: point["ResourceArn"],
        "ByResourceType": lambda point: point["ResourceType"],
        "ByBackupPlanId": lambda point: (point.get("CreatedBy") or {}).get("BackupPlanId"),
    }
    vault = vault_named(place_of(context), request["BackupVaultName"])
    return {"RecoveryPoints": listed(vault.points.values(), request, filters, "CreationDate")}


@table.real("ListRecoveryPointsByResource")
def list_recovery_points_by_resource(context: RequestContext, request: Document) -> Document:
    points = [point for vault in place_of(context).state.vaults.values() for point in vault.points.values()]
    wanted = [point for point in points if point["ResourceArn"] == request["ResourceArn"]]
    return {"RecoveryPoints": listed(wanted, request, {}, "CreationDate")}


@table.real("ListProtectedResources")
def list_protected_resources(context: RequestContext, _request: Document) -> Document:
    points = [point for vault in place_of(context).state.vaults.values() for point in vault.points.values()]
    newest = {point["ResourceArn"]: point for point in sorted(points, key=lambda point: point["CreationDate"])}
    return {
        "Results": [
            {
                "ResourceArn": arn,
                "ResourceType": point["ResourceType"],
                "LastBackupTime": point["CreationDate"],
                "LastBackupVaultArn": point["BackupVaultArn"],
                "LastRecoveryPointArn": point["RecoveryPointArn"],
            }
            for arn, point in newest.items()
        ]
    }


@table.real("UpdateRecoveryPointLifecycle")
def update_recovery_point_lifecycle(context: RequestContext, request: Document) -> Document:
    vault, point = _point(context, request)
    _refuse_locked(vault, "how long something is kept cannot be changed")
    keep(point, request.get("Lifecycle"))
    return {
        name: point[name]
        for name in ("BackupVaultArn", "RecoveryPointArn", "Lifecycle", "CalculatedLifecycle")
        if name in point
    }


@table.real("DeleteRecoveryPoint")
def delete_recovery_point(context: RequestContext, request: Document) -> None:
    vault, point = _point(context, request)
    _refuse_locked(vault, "nothing can be deleted before its time is over")
    remove(place_of(context), vault, point)


@table.real("GetRecoveryPointRestoreMetadata")
def get_recovery_point_restore_metadata(context: RequestContext, request: Document) -> Document:
    vault, point = _point(context, request)
    return {
        "BackupVaultArn": vault.arn,
        "RecoveryPointArn": point["RecoveryPointArn"],
        "RestoreMetadata": KINDS[point["ResourceType"]].metadata(point),
        "ResourceType": point["ResourceType"],
    }
