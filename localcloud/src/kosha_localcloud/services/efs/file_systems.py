"""EFS: moto keeps the records, and every file system is a directory.

`<working directory>/efs/<file-system-id>/` holds the files. An access point's root directory is made with its owner
and mode when the access point is made; EFS does so on the first mount,
https://docs.aws.amazon.com/efs/latest/ug/enforce-root-directory-access-point.html.
"""

import logging
import os
import shutil
from pathlib import Path, PurePosixPath

from localstack.aws.api import RequestContext
from localstack.services.moto import call_moto
from moto.efs.models import EFSBackend, FileSystem, efs_backends

from kosha_localcloud import settings
from kosha_localcloud.services.efs.state import KEPT, REPLICATIONS, table
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document, refuse
from kosha_localcloud.services.trees import metered_size

LOG = logging.getLogger(__name__)

# ---------------------------------------------------------------------------------------------- directories


def working_directory() -> Path:
    """The directory that holds one directory per file system."""
    return settings.directory() / "efs"


def remove_leftovers() -> None:
    """Remove the directories of file systems that an earlier process held in memory: no id of theirs comes back."""
    for leftover in working_directory().glob("fs-*"):
        LOG.info("Removing %s, left by an earlier run", leftover)
        shutil.rmtree(leftover, ignore_errors=True)


def efs_directory(file_system_id: str, access_point_arn: str | None = None) -> Path:
    """Give the directory in which the files of a file system lie, or those an access point shows.

    Raises KeyError, with a message that says what to do, for a file system or access point that does not exist, an
    access point of another file system, and an access point whose root directory is missing and has no creation
    information (EFS refuses to mount that too).
    """
    backend = _backend_of(file_system_id)
    root = working_directory() / file_system_id
    if access_point_arn is None:
        return root
    access_point = backend.access_points.get(access_point_arn.rpartition("/")[2])
    if access_point is None or access_point.file_system_id != file_system_id:
        raise KeyError(f"{access_point_arn} is no access point of {file_system_id}: create it, or correct the ARN")
    directory = _below(root, access_point.root_directory.get("Path", "/"))
    if not directory.is_dir():
        raise KeyError(
            f"{access_point_arn}: its root directory does not exist; give it creation_info or make the directory"
        )
    return directory


def _backend_of(file_system_id: str) -> EFSBackend:
    for regions in efs_backends.values():
        for backend in regions.values():
            if file_system_id in backend.file_systems_by_id:
                return backend
    raise KeyError(f"There is no file system {file_system_id}: create it, or correct the id")


def _below(root: Path, path: str) -> Path:
    """Give the directory `path` (as a client writes it, from the file system's root) without ever leaving `root`."""
    parts = PurePosixPath("/", path).parts[1:]
    if ".." in parts:
        raise refuse("BadRequest", f"The path {path} has '..' in it; write the path from the file system's root")
    return root.joinpath(*parts)


def _make_root_directory(root: Path, root_directory: Document) -> None:
    creation = root_directory.get("CreationInfo")
    directory = _below(root, root_directory.get("Path", "/"))
    if directory.exists() or not creation:
        return
    directory.parent.mkdir(parents=True, exist_ok=True)
    try:
        directory.mkdir()
    except FileExistsError:
        return  # an access point below it was made at the same moment
    directory.chmod(int(creation["Permissions"], 8))
    if os.geteuid() == 0:
        os.chown(directory, int(creation["OwnerUid"]), int(creation["OwnerGid"]))


# --------------------------------------------------------------------------------------------- file systems


def file_system_of(context: RequestContext, file_system_id: str) -> FileSystem:
    file_systems = _backend(context).file_systems_by_id
    if file_system_id not in file_systems:
        raise refuse(
            "FileSystemNotFound", f"File system '{file_system_id}' does not exist.", 404, ErrorCode="FileSystemNotFound"
        )
    return file_systems[file_system_id]


def _backend(context: RequestContext) -> EFSBackend:
    return efs_backends[context.account_id][context.region]


def _described(context: RequestContext, description: Document) -> Document:
    """Complete moto's description of a file system."""
    identifier = description["FileSystemId"]
    kept = KEPT.of(context)
    size = metered_size(working_directory() / identifier)
    description["SizeInBytes"] = {
        "Value": size,
        "ValueInIA": 0,
        "ValueInStandard": size,
        "ValueInArchive": 0,
        "Timestamp": now(),
    }
    description["FileSystemProtection"] = {"ReplicationOverwriteProtection": kept.protection_of(identifier)}
    return description


@table.real("CreateFileSystem", "the files lie in a directory; encryption, throughput and performance are stored only")
def create_file_system(context: RequestContext, request: Document) -> Document:
    response: Document = call_moto(context)
    identifier = response["FileSystemId"]
    directory = working_directory() / identifier
    directory.mkdir(parents=True)
    # The root directory of a new file system belongs to root and is writable by root alone:
    # https://docs.aws.amazon.com/efs/latest/ug/accessing-fs-nfs-permissions.html
    directory.chmod(0o755)
    if request.get("Backup"):
        KEPT.of(context).backup_policy[identifier] = {"Status": "ENABLED"}
    return _described(context, response)


@table.real("DescribeFileSystems", "sizes are counted from the files")
def describe_file_systems(context: RequestContext, _request: Document) -> Document:
    response: Document = call_moto(context)
    for description in response["FileSystems"]:
        _described(context, description)
    return response


@table.real("DeleteFileSystem", "removes the directory and its files")
def delete_file_system(context: RequestContext, request: Document) -> None:
    identifier = request["FileSystemId"]
    kept = KEPT.of(context)
    file_system_of(context, identifier)
    if any(identifier in each.members for each in REPLICATIONS):
        raise refuse(
            "FileSystemInUse", f"{identifier} is being replicated; delete its replication configuration first.", 409
        )
    call_moto(context)
    backend = _backend(context)
    for access_point in [point for point in backend.access_points.values() if point.file_system_id == identifier]:
        backend.delete_access_point(access_point.access_point_id)
    kept.backup_policy.pop(identifier, None)
    kept.protection.pop(identifier, None)
    shutil.rmtree(working_directory() / identifier, ignore_errors=True)


@table.stored("UpdateFileSystem", "the throughput mode does not change how fast anything is")
def update_file_system(context: RequestContext, request: Document) -> Document:
    file_system = file_system_of(context, request["FileSystemId"])
    if "ThroughputMode" in request:
        file_system.throughput_mode = request["ThroughputMode"]
        if request["ThroughputMode"] != "provisioned":
            file_system.provisioned_throughput_in_mibps = 0
    if "ProvisionedThroughputInMibps" in request:
        file_system.provisioned_throughput_in_mibps = request["ProvisionedThroughputInMibps"]
    description = dict(file_system.info_json())
    description.pop("FileSystemPolicy", None)
    description.pop("LifecyclePolicies", None)
    return _described(context, description)


@table.real("UpdateFileSystemProtection", "refused for a replica, as in AWS; nothing keeps clients from writing to one")
def update_file_system_protection(context: RequestContext, request: Document) -> Document:
    """https://docs.aws.amazon.com/efs/latest/ug/API_UpdateFileSystemProtection.html"""
    identifier = request["FileSystemId"]
    file_system_of(context, identifier)
    wanted = request.get("ReplicationOverwriteProtection", "ENABLED")
    if wanted == "REPLICATING":
        raise refuse("BadRequest", "EFS alone sets REPLICATING: choose ENABLED or DISABLED.", ErrorCode="BadRequest")
    if KEPT.of(context).protection_of(identifier) == "REPLICATING":
        code = "ReplicationAlreadyExists"
        raise refuse(code, f"{identifier} is a replica: delete its replication first.", 409, ErrorCode=code)
    KEPT.of(context).protection[identifier] = wanted
    return {"ReplicationOverwriteProtection": wanted}


@table.stored("DeleteFileSystemPolicy")
def delete_file_system_policy(context: RequestContext, request: Document) -> None:
    file_system_of(context, request["FileSystemId"]).file_system_policy = None


# -------------------------------------------------------------------------------------------- access points


@table.real("CreateAccessPoint", "the root directory is made at once, with its owner (as root) and mode")
def create_access_point(context: RequestContext, request: Document) -> Document:
    file_system = file_system_of(context, request["FileSystemId"])
    root_directory = request.get("RootDirectory") or {}
    _below(Path("/"), root_directory.get("Path", "/"))
    response: Document = call_moto(context)
    _make_root_directory(working_directory() / file_system.file_system_id, root_directory)
    return response


# -------------------------------------------------------------------------------------------- backup policy


@table.stored("PutBackupPolicy", "no plan runs because of it")
def put_backup_policy(context: RequestContext, request: Document) -> Document:
    identifier = request["FileSystemId"]
    file_system_of(context, identifier)
    KEPT.of(context).backup_policy[identifier] = dict(request["BackupPolicy"])
    return {"BackupPolicy": request["BackupPolicy"]}


@table.stored("DescribeBackupPolicy")
def describe_backup_policy(context: RequestContext, request: Document) -> Document:
    identifier = request["FileSystemId"]
    file_system_of(context, identifier)
    policy = KEPT.of(context).backup_policy.get(identifier)
    if policy is None:
        raise refuse("PolicyNotFound", f"{identifier} has no backup policy.", 404, ErrorCode="PolicyNotFound")
    return {"BackupPolicy": policy}


# -------------------------------------------------------------------------------------- account preferences


@table.stored("PutAccountPreferences")
def put_account_preferences(context: RequestContext, request: Document) -> Document:
    KEPT.of(context).resource_id_preference = request["ResourceIdType"]
    return _preference(context)


@table.stored("DescribeAccountPreferences")
def describe_account_preferences(context: RequestContext, _request: Document) -> Document:
    return _preference(context)


def _preference(context: RequestContext) -> Document:
    preference = KEPT.of(context).resource_id_preference
    return {"ResourceIdPreference": {"ResourceIdType": preference, "Resources": ["FILE_SYSTEM", "MOUNT_TARGET"]}}
