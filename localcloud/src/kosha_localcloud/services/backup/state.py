"""What AWS Backup keeps in one account and region, and how it is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from localstack.aws.api import RequestContext

from kosha_localcloud.services.identifiers import arn, now
from kosha_localcloud.services.operations import Document, ServiceTable, refuse
from kosha_localcloud.services.regional import Regional

table = ServiceTable("backup", moto=False)

RESOURCE_TYPES = ("Aurora", "DynamoDB", "EBS", "EC2", "EFS", "FSx", "RDS", "S3", "Storage Gateway")


@dataclass
class Vault:
    """A vault and what is attached to it; recovery points by their ARNs."""

    document: Document
    policy: str | None = None
    notifications: Document | None = None
    points: dict[str, Document] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.document["BackupVaultName"])

    @property
    def arn(self) -> str:
        return str(self.document["BackupVaultArn"])

    @property
    def key_arn(self) -> str:
        return str(self.document["EncryptionKeyArn"])

    @property
    def locked_since(self) -> datetime | None:
        """Since when nobody can change the lock or end anything early: the date of a compliance lock, once it has come.

        A governance lock leaves it to IAM (https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html).
        """
        begins: datetime | None = self.document.get("LockDate")
        return begins if begins is not None and begins <= now() else None


@dataclass
class Plan:
    """A plan: every version of it, newest last, and its selections by id."""

    versions: list[Document]
    selections: dict[str, Document] = field(default_factory=dict)

    @property
    def current(self) -> Document:
        return self.versions[-1]


@dataclass
class BackupState:
    """Backup in one account and region."""

    vaults: dict[str, Vault] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    backup_jobs: dict[str, Document] = field(default_factory=dict)
    copy_jobs: dict[str, Document] = field(default_factory=dict)
    restore_jobs: dict[str, Document] = field(default_factory=dict)
    testing_plans: dict[str, Document] = field(default_factory=dict)
    testing_selections: dict[str, dict[str, Document]] = field(default_factory=dict)
    frameworks: dict[str, Document] = field(default_factory=dict)
    report_plans: dict[str, Document] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    opt_in: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(RESOURCE_TYPES, True))
    management: dict[str, bool] = field(default_factory=lambda: {"DynamoDB": True, "EFS": True})
    global_settings: dict[str, str] = field(default_factory=lambda: {"isCrossAccountBackupEnabled": "false"})


STATE: Regional[BackupState] = Regional(BackupState)


@dataclass(frozen=True)
class Place:
    """An account and a region."""

    account: str
    region: str

    @property
    def state(self) -> BackupState:
        return STATE.at(self.account, self.region)

    def arn(self, resource: str) -> str:
        """An ARN of AWS Backup here."""
        return arn("backup", self.region, self.account, resource)


def place_of(context: RequestContext) -> Place:
    """Where a request goes."""
    return Place(context.account_id, context.region)


def vault_named(place: Place, name: str) -> Vault:
    """A vault, by its name or ARN. Terraform's provider takes this error for "gone"."""
    vault = place.state.vaults.get(name.rpartition(":")[2])
    if vault is None:
        raise refuse(
            "ResourceNotFoundException", f"Backup vault {name} does not exist: create it, or correct the name.", 404
        )
    return vault


def vault_by_arn(vault_arn: str) -> Vault:
    """A vault of any account and region, by its ARN."""
    _, _, _, region, account, *_ = vault_arn.split(":")
    return vault_named(Place(account, region), vault_arn)


def found(documents: dict[str, Document], identifier: str, kind: str) -> Document:
    """One document of those kept by an id."""
    if identifier not in documents:
        raise refuse("ResourceNotFoundException", f"There is no {kind} {identifier}.", 404)
    return documents[identifier]


def listed(
    documents: Any, request: Document, filters: dict[str, Callable[[Document], Any]], times: str
) -> list[Document]:
    """The newest documents first, narrowed by the filters of the request that are given (request member -> member)."""

    def fits(document: Document) -> bool:
        if any(name in request and read(document) != request[name] for name, read in filters.items()):
            return False
        moment: datetime = document[times]
        before, after = request.get("ByCreatedBefore"), request.get("ByCreatedAfter")
        return (before is None or moment < before) and (after is None or moment > after)

    return sorted((each for each in documents if fits(each)), key=lambda each: each[times], reverse=True)


def keep(point: Document, lifecycle: Document | None) -> None:
    """Give a recovery point its lifecycle; the day it ends is counted from the day it was made."""
    point.pop("Lifecycle", None)
    point.pop("CalculatedLifecycle", None)
    days = (lifecycle or {}).get("DeleteAfterDays")
    if lifecycle:
        point["Lifecycle"] = dict(lifecycle)
    if days and days > 0:
        point["CalculatedLifecycle"] = {"DeleteAt": point["CreationDate"] + timedelta(days=days)}
