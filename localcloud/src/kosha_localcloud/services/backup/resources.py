"""What can be backed up, and how: volumes and file systems."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from botocore.exceptions import ClientError
from kosha_access.calls import Asked
from moto.ec2.models import ec2_backends
from moto.efs.models import efs_backends

from kosha_localcloud import settings
from kosha_localcloud.access.enforcement import reason_against, service_in_role
from kosha_localcloud.services import efs
from kosha_localcloud.services.backup.state import Place, Vault
from kosha_localcloud.services.clients import client, client_in_role
from kosha_localcloud.services.identifiers import arn, now
from kosha_localcloud.services.operations import Document
from kosha_localcloud.services.tagging import from_pairs
from kosha_localcloud.services.trees import metered_size, mirror

PRINCIPAL = "backup.amazonaws.com"
MOST_ITEMS = 5
"""Paths of one restore: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-efs.html"""


class BackupError(Exception):
    """A job cannot be done; the message is the job's StatusMessage."""


@dataclass(frozen=True)
class Resource:
    """Something that can be selected."""

    arn: str
    type: str
    tags: Mapping[str, str]
    size: int
    name: str = ""


class Kind(Protocol):
    """How one type of resource is backed up. Each raises BackupError."""

    def resources(self, place: Place) -> Iterator[Resource]:
        """All there are."""

    def take(self, resource: Resource, vault: Vault, role: str) -> Document:
        """Make a recovery point in a vault; gives what is special about it, with RecoveryPointArn."""

    def copy(self, point: Document, place: Place, vault: Vault, role: str) -> Document:
        """Copy a recovery point into the vault of another place; gives the same as `take`."""

    def metadata(self, point: Document) -> dict[str, str]:
        """What a restore is given by default."""

    def restore(self, point: Document, place: Place, wanted: Mapping[str, str], role: str) -> str:
        """Restore; gives the ARN of what was made."""

    def remove(self, point: Document, place: Place) -> None:
        """Remove what a recovery point holds."""


def in_role(role: str, place: Place, source: str) -> Any:
    """A client of EC2 in a role of AWS Backup."""
    return client_in_role("ec2", place.region, role, PRINCIPAL, source)


def check_right(role: str, asked: Asked, place: Place) -> None:
    """Raise BackupError unless the role may do what AWS Backup does by no call of its own."""
    try:
        reason = reason_against(service_in_role(role, PRINCIPAL, asked.resource), asked, place.region)
    except ClientError as error:
        raise BackupError(str(error)) from error
    if reason:
        raise BackupError(reason)


def check_copy(role: str, point: str, vault: Vault, place: Place) -> None:
    """Raise BackupError unless the role may copy a recovery point, which is here, to a vault.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbackup.html; the policy of the point's
    vault has a say in the one, that of the vault it goes to in the other.
    """
    check_right(role, Asked("backup:CopyFromBackupVault", point, {"backup:CopyTargets": [vault.arn]}), place)
    check_right(role, Asked("backup:CopyIntoBackupVault", vault.arn), place)


def check_key(key_arn: str) -> None:
    """Raise BackupError for a key that cannot be used. AWS's own key is there when it is first used."""
    _, _, _, region, account, name = key_arn.split(":", 5)
    if name.startswith("alias/aws/"):
        return
    try:
        state = client("kms", account, region).describe_key(KeyId=key_arn)["KeyMetadata"]["KeyState"]
    except ClientError as error:
        raise BackupError(f"The key {key_arn} cannot be used: {error.response['Error']['Code']}") from error
    if state != "Enabled":
        raise BackupError(f"The key {key_arn} cannot be used: it is {state}")


class Volumes:
    """EBS: a recovery point is a snapshot."""

    def resources(self, place: Place) -> Iterator[Resource]:
        """See Kind."""
        for volume in list(ec2_backends[place.account][place.region].volumes.values()):
            tags = {each["key"]: each["value"] for each in volume.get_tags()}
            yield Resource(
                arn("ec2", place.region, place.account, f"volume/{volume.id}"),
                "EBS",
                tags,
                volume.size << 30,
                tags.get("Name", ""),
            )

    def take(self, resource: Resource, vault: Vault, role: str) -> Document:
        """See Kind."""
        _, _, _, region, account, volume = resource.arn.split(":")
        place = Place(account, region)
        try:
            made = in_role(role, place, vault.arn).create_snapshot(
                VolumeId=volume.rpartition("/")[2],
                Description="This snapshot is created by the AWS Backup service.",
                TagSpecifications=_tagging(resource.tags),
            )
        except ClientError as error:
            raise BackupError(str(error)) from error
        return self._point(place, made["SnapshotId"], resource.arn, made.get("KmsKeyId") or vault.key_arn)

    def copy(self, point: Document, place: Place, vault: Vault, role: str) -> Document:
        """See Kind."""
        source = point["RecoveryPointArn"].split(":")
        check_key(vault.key_arn)
        try:
            made = in_role(role, place, vault.arn).copy_snapshot(
                SourceRegion=source[3],
                SourceSnapshotId=source[5].rpartition("/")[2],
                Encrypted=True,
                KmsKeyId=vault.key_arn,
                Description="This snapshot is created by the AWS Backup service.",
            )
        except ClientError as error:
            raise BackupError(str(error)) from error
        return self._point(place, made["SnapshotId"], point["ResourceArn"], vault.key_arn)

    @staticmethod
    def _point(place: Place, snapshot: str, resource: str, key: str) -> Document:
        # A tag of AWS's own, which nobody can set or take away by a call.
        ec2_backends[place.account][place.region].snapshots[snapshot].add_tag("aws:backup:source-resource", resource)
        return {"RecoveryPointArn": arn("ec2", place.region, "", f"snapshot/{snapshot}"), "EncryptionKeyArn": key}

    def metadata(self, point: Document) -> dict[str, str]:
        """See Kind. https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-ebs.html"""
        return {
            "encrypted": "false",
            "volumeId": point["ResourceArn"].rpartition("/")[2],
            "volumeSize": str(point["BackupSizeInBytes"] >> 30),
        }

    def restore(self, point: Document, place: Place, wanted: Mapping[str, str], role: str) -> str:
        """See Kind."""
        if "availabilityZone" not in wanted:
            raise BackupError("A volume needs availabilityZone in the metadata.")
        more: dict[str, Any] = {}
        if key := wanted.get("kmsKeyId"):
            check_key(key)
            more = {"Encrypted": True, "KmsKeyId": key}
        try:
            made = in_role(role, place, point["RecoveryPointArn"]).create_volume(
                AvailabilityZone=wanted["availabilityZone"],
                SnapshotId=point["RecoveryPointArn"].rpartition("/")[2],
                VolumeType=wanted.get("volumeType") or "gp3",
                **more,
            )
        except ClientError as error:
            raise BackupError(str(error)) from error
        return arn("ec2", place.region, place.account, f"volume/{made['VolumeId']}")

    def remove(self, point: Document, place: Place) -> None:
        """See Kind. A snapshot somebody has deleted by hand is gone already."""
        backend = ec2_backends[place.account][place.region]
        snapshot = point["RecoveryPointArn"].rpartition("/")[2]
        if snapshot in backend.snapshots:
            backend.delete_snapshot(snapshot)


class FileSystems:
    """EFS: a recovery point is a copy of the tree."""

    def resources(self, place: Place) -> Iterator[Resource]:
        """See Kind."""
        for system in list(efs_backends[place.account][place.region].file_systems_by_id.values()):
            tags = from_pairs(efs_backends[place.account][place.region].list_tags_for_resource(system.file_system_id))
            size = metered_size(efs.working_directory() / system.file_system_id)
            yield Resource(system.file_system_arn, "EFS", tags, size, tags.get("Name", ""))

    def take(self, resource: Resource, vault: Vault, role: str) -> Document:
        """See Kind."""
        _, _, _, region, account, name = resource.arn.split(":")
        place = Place(account, region)
        check_right(role, Asked("elasticfilesystem:Backup", resource.arn), place)
        return self._copied(efs.working_directory() / name.rpartition("/")[2], place, vault)

    def copy(self, point: Document, place: Place, vault: Vault, _role: str) -> Document:
        """See Kind. Nothing is called in the role."""
        return self._copied(tree_of(point["RecoveryPointArn"]), place, vault)

    @staticmethod
    def _copied(tree: Path, place: Place, vault: Vault) -> Document:
        check_key(vault.key_arn)
        point = place.arn(f"recovery-point:{uuid.uuid4()}")
        mirror(tree, tree_of(point))
        return {"RecoveryPointArn": point, "EncryptionKeyArn": vault.key_arn}

    def metadata(self, point: Document) -> dict[str, str]:
        """See Kind. https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-efs.html"""
        return {
            "file-system-id": point["ResourceArn"].rpartition("/")[2],
            "Encrypted": "true",
            "PerformanceMode": "generalPurpose",
            "newFileSystem": "true",
        }

    def restore(self, point: Document, place: Place, wanted: Mapping[str, str], role: str) -> str:
        """See Kind. Into a file system that is there it goes beside what is there, in a directory of its own."""
        if wanted.get("newFileSystem") == "false":
            system = wanted.get("file-system-id", "")
        else:
            system = self._new(place, wanted)
        target = arn("elasticfilesystem", place.region, place.account, f"file-system/{system}")
        if not any(each.arn == target for each in self.resources(place)):
            raise BackupError(f"The file system {system} does not exist in {place.region}: correct file-system-id.")
        check_right(role, Asked("elasticfilesystem:Restore", target), place)
        tree, items = tree_of(point["RecoveryPointArn"]), json.loads(wanted.get("ItemsToRestore") or "[]")
        missing = [item for item in items if not (tree / item.lstrip("/")).exists()]
        if missing or len(items) > MOST_ITEMS or any(".." in PurePosixPath(item).parts for item in items):
            raise BackupError(f"ItemsToRestore takes up to {MOST_ITEMS} paths of the recovery point; wrong: {missing}")
        folder = f"aws-backup-restore_{now():%Y-%m-%dT%H-%M-%S-%f}Z"
        for item in items or ["/"]:
            source, copy = tree / item.lstrip("/"), efs.working_directory() / system / folder / item.lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                mirror(source, copy)
            else:
                shutil.copy2(source, copy, follow_symlinks=False)
        return target

    @staticmethod
    def _new(place: Place, wanted: Mapping[str, str]) -> str:
        key = wanted.get("KmsKeyId")
        if key:
            check_key(key)
        made = client("efs", place.account, place.region).create_file_system(
            CreationToken=wanted.get("CreationToken") or str(uuid.uuid4()),
            PerformanceMode=wanted.get("PerformanceMode") or "generalPurpose",
            Encrypted=True,
            **({"KmsKeyId": key} if key else {}),
        )
        return str(made["FileSystemId"])

    def remove(self, point: Document, _place: Place) -> None:
        """See Kind."""
        shutil.rmtree(tree_of(point["RecoveryPointArn"]), ignore_errors=True)


KINDS: dict[str, Kind] = {"EBS": Volumes(), "EFS": FileSystems()}


def tree_of(point: str) -> Path:
    """Where the tree of a recovery point lies."""
    return settings.directory() / "backup" / point.rpartition(":")[2]


def remove_leftovers() -> None:
    """Remove what an earlier process held."""
    shutil.rmtree(settings.directory() / "backup", ignore_errors=True)


def resource_by_arn(place: Place, wanted: str) -> Resource:
    """A resource. Raises BackupError if there is none of a kind that can be backed up."""
    for kind in KINDS.values():
        for resource in kind.resources(place):
            if resource.arn == wanted:
                return resource
    raise BackupError(f"{wanted} does not exist, or is of no type the local cloud backs up (EBS, EFS).")


def selected(place: Place, selection: Document) -> list[Resource]:
    """What a selection selects: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html

    ARNs and tags of ListOfTags add up; conditions narrow what the ARNs name. Types without opt-in are left out unless
    named by a whole ARN.
    """
    named, refused = selection.get("Resources") or [], selection.get("NotResources") or []
    tags, conditions = selection.get("ListOfTags") or [], selection.get("Conditions") or {}
    has_conditions = any(conditions.values())
    found = []
    for type_, kind in KINDS.items():
        for resource in kind.resources(place):
            by_arn = any(fnmatchcase(resource.arn, pattern) for pattern in named) or (has_conditions and not named)
            by_tag = any(resource.tags.get(each["ConditionKey"]) == each["ConditionValue"] for each in tags)
            if (
                ((by_arn and _meets(resource.tags, conditions)) or by_tag)
                and not any(fnmatchcase(resource.arn, pattern) for pattern in refused)
                and (place.state.opt_in.get(type_, False) or resource.arn in named)
            ):
                found.append(resource)
    return found


def _meets(tags: Mapping[str, str], conditions: Document) -> bool:
    """Every condition; a key is `aws:ResourceTag/` and a tag's name."""

    def value(each: Document) -> str | None:
        return tags.get(str(each["ConditionKey"]).removeprefix("aws:ResourceTag/"))

    return (
        all(value(each) == each["ConditionValue"] for each in conditions.get("StringEquals") or [])
        and all(value(each) != each["ConditionValue"] for each in conditions.get("StringNotEquals") or [])
        and all(
            fnmatchcase(value(each) or "", each["ConditionValue"]) and value(each) is not None
            for each in conditions.get("StringLike") or []
        )
        and not any(
            fnmatchcase(value(each) or "", each["ConditionValue"]) for each in conditions.get("StringNotLike") or []
        )
    )


def _tagging(tags: Mapping[str, str]) -> list[Document]:
    own = [{"Key": key, "Value": value} for key, value in tags.items() if not key.startswith("aws:")]
    return [{"ResourceType": "snapshot", "Tags": own}] if own else []
