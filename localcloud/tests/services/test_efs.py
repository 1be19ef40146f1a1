"""EFS: a file system is a directory."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..conftest import RECOVERY, Cloud
from .conftest import FileSystem, Network, unique


def test_file_system_is_a_directory_that_goes_with_it(cloud: Cloud) -> None:
    efs = cloud.client("efs")
    identifier = efs.create_file_system(CreationToken=unique("token"))["FileSystemId"]
    directory = cloud.directory / "efs" / identifier
    (directory / "file").write_bytes(b"12345")
    assert efs.describe_file_systems(FileSystemId=identifier)["FileSystems"][0]["SizeInBytes"]["Value"] == 5
    efs.delete_file_system(FileSystemId=identifier)
    assert not directory.exists()


@pytest.mark.parametrize("mode", ["0770", "0755"])
def test_access_point_makes_its_root_directory_with_owner_and_mode(
    cloud: Cloud, file_system: FileSystem, mode: str
) -> None:
    creation = {"OwnerUid": 10001, "OwnerGid": 10002, "Permissions": mode}
    root_directory = {"Path": "/deep/folder", "CreationInfo": creation}
    cloud.client("efs").create_access_point(
        ClientToken=unique("token"), FileSystemId=file_system.file_system_id, RootDirectory=root_directory
    )
    status = (file_system.directory / "deep" / "folder").stat()
    assert status.st_mode & 0o7777 == int(mode, 8)
    if os.geteuid() == 0:
        assert (status.st_uid, status.st_gid) == (10001, 10002)


def test_access_points_made_at_once_are_each_made_once(cloud: Cloud, file_system: FileSystem) -> None:
    """One makes the directory of which another makes what is below: a failure would be tried again, and made twice."""
    efs = cloud.client("efs")
    creation = {"OwnerUid": 10001, "OwnerGid": 10002, "Permissions": "0755"}

    def make(path: str) -> None:
        efs.create_access_point(
            ClientToken=unique("token"),
            FileSystemId=file_system.file_system_id,
            RootDirectory={"Path": path, "CreationInfo": creation},
        )

    paths = [f"/{number}{below}" for number in range(20) for below in ("/a", "", "/b")]
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(make, paths))
    pages = efs.get_paginator("describe_access_points").paginate(FileSystemId=file_system.file_system_id)
    made = [each["RootDirectory"]["Path"] for page in pages for each in page["AccessPoints"]]
    assert sorted(made) == sorted(paths)


def test_access_point_never_leads_out_of_the_file_system(cloud: Cloud, file_system: FileSystem) -> None:
    creation = {"OwnerUid": 0, "OwnerGid": 0, "Permissions": "0777"}
    with pytest.raises(ClientError, match=r"'\.\.' in it"):
        cloud.client("efs").create_access_point(
            ClientToken=unique("token"),
            FileSystemId=file_system.file_system_id,
            RootDirectory={"Path": "/../outside", "CreationInfo": creation},
        )
    assert not (file_system.directory.parent / "outside").exists()


def test_what_terraform_writes_is_what_it_reads(cloud: Cloud, file_system: FileSystem) -> None:
    efs: Any = cloud.client("efs")
    name = {"FileSystemId": file_system.file_system_id}
    with pytest.raises(ClientError, match="PolicyNotFound"):
        efs.describe_backup_policy(**name)
    efs.put_backup_policy(**name, BackupPolicy={"Status": "ENABLED"})
    assert efs.describe_backup_policy(**name)["BackupPolicy"] == {"Status": "ENABLED"}
    policies = [{"TransitionToIA": "AFTER_30_DAYS"}]
    efs.put_lifecycle_configuration(**name, LifecyclePolicies=policies)
    assert efs.describe_lifecycle_configuration(**name)["LifecyclePolicies"] == policies
    efs.put_file_system_policy(**name, Policy='{"Version": "2012-10-17", "Statement": []}')
    assert "2012-10-17" in efs.describe_file_system_policy(**name)["Policy"]
    efs.delete_file_system_policy(**name)
    with pytest.raises(ClientError, match="PolicyNotFound"):
        efs.describe_file_system_policy(**name)
    efs.update_file_system(**name, ThroughputMode="elastic")
    efs.update_file_system_protection(**name, ReplicationOverwriteProtection="DISABLED")
    described = efs.describe_file_systems(**name)["FileSystems"][0]
    assert described["ThroughputMode"] == "elastic"
    assert described["FileSystemProtection"] == {"ReplicationOverwriteProtection": "DISABLED"}


def test_mount_target_keeps_its_file_system_from_being_deleted(
    cloud: Cloud, file_system: FileSystem, network: Network
) -> None:
    efs = cloud.client("efs")
    target = efs.create_mount_target(
        FileSystemId=file_system.file_system_id, SubnetId=network.subnet_id, SecurityGroups=[network.group_id]
    )["MountTargetId"]
    with pytest.raises(ClientError, match="FileSystemInUse"):
        efs.delete_file_system(FileSystemId=file_system.file_system_id)
    assert file_system.directory.is_dir()
    efs.delete_mount_target(MountTargetId=target)


def test_replicated_file_system_is_not_deleted(cloud: Cloud, file_system: FileSystem) -> None:
    efs = cloud.client("efs")
    efs.create_replication_configuration(
        SourceFileSystemId=file_system.file_system_id, Destinations=[{"Region": RECOVERY}]
    )
    found = efs.describe_replication_configurations(FileSystemId=file_system.file_system_id)["Replications"]
    destination = found[0]["Destinations"][0]
    assert (destination["Region"], destination["Status"]) == (RECOVERY, "ENABLED")
    with pytest.raises(ClientError, match="FileSystemInUse"):
        efs.delete_file_system(FileSystemId=file_system.file_system_id)
    efs.delete_replication_configuration(SourceFileSystemId=file_system.file_system_id)
    cloud.client("efs", RECOVERY).delete_file_system(FileSystemId=destination["FileSystemId"])
