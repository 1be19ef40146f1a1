"""EFS: a file system is a directory."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..conftest import PRIMARY, RECOVERY, Cloud
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


MINUTE = 60


@pytest.fixture
def replica(cloud: Cloud) -> Iterator[FileSystem]:
    """A file system of the other region that lets itself be overwritten."""
    efs = cloud.client("efs", RECOVERY)
    made = efs.create_file_system(CreationToken=unique("token"), Encrypted=True)
    identifier = made["FileSystemId"]
    efs.update_file_system_protection(FileSystemId=identifier, ReplicationOverwriteProtection="DISABLED")
    yield FileSystem(identifier, made["FileSystemArn"], cloud.directory / "efs" / identifier)
    efs.delete_file_system(FileSystemId=identifier)


@pytest.fixture
def replicated(cloud: Cloud, file_system: FileSystem, replica: FileSystem) -> Iterator[FileSystem]:
    """The file system, with the replication it is the source of."""
    (file_system.directory / "notes").write_text("first")
    cloud.client("efs").create_replication_configuration(
        SourceFileSystemId=file_system.file_system_id,
        Destinations=[{"Region": RECOVERY, "FileSystemId": replica.file_system_id}],
    )
    yield file_system
    cloud.control.delete("efs/replication/lag")
    cloud.control.post("regions", {"region": PRIMARY, "state": "running"})
    for region in (PRIMARY, RECOVERY):
        with contextlib.suppress(ClientError):
            cloud.client("efs", region).delete_replication_configuration(
                SourceFileSystemId=file_system.file_system_id, DeletionMode="LOCAL_CONFIGURATION_ONLY"
            )


def protection(cloud: Cloud, replica: FileSystem) -> str:
    found = cloud.client("efs", RECOVERY).describe_file_systems(FileSystemId=replica.file_system_id)["FileSystems"][0]
    return str(found["FileSystemProtection"]["ReplicationOverwriteProtection"])


def test_a_replica_becomes_what_its_source_is(cloud: Cloud, replicated: FileSystem, replica: FileSystem) -> None:
    assert (replica.directory / "notes").read_text() == "first"
    assert protection(cloud, replica) == "REPLICATING"
    folder = replicated.directory / "folder"
    folder.mkdir(mode=0o750)
    (folder / "reads").write_text("ACGT")
    (replicated.directory / "link").symlink_to("folder/reads")
    (replicated.directory / "notes").unlink()
    assert not (replica.directory / "folder").exists()
    cloud.advance(5 * MINUTE)
    assert (replica.directory / "link").read_text() == "ACGT"
    assert (replica.directory / "folder").stat().st_mode == folder.stat().st_mode
    assert not (replica.directory / "notes").exists()
    efs = cloud.client("efs", RECOVERY)
    (found,) = efs.describe_replication_configurations(FileSystemId=replica.file_system_id)["Replications"]
    age = cloud.clock() - found["Destinations"][0]["LastReplicatedTimestamp"]
    assert age.total_seconds() < MINUTE


def test_a_replica_is_as_late_as_the_lag_says_and_the_metric_tells(
    cloud: Cloud, replicated: FileSystem, replica: FileSystem
) -> None:
    cloud.control.post("efs/replication/lag", {"seconds": 15 * MINUTE})
    (replicated.directory / "notes").write_text("second")
    seen = []
    for _ in range(3):
        cloud.advance(5 * MINUTE)
        seen.append((replica.directory / "notes").read_text())
    assert seen == ["first", "first", "second"]
    now = cloud.clock().timestamp()
    found = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/EFS",
        MetricName="TimeSinceLastSync",
        Dimensions=[
            {"Name": "FileSystemId", "Value": replicated.file_system_id},
            {"Name": "DestinationFileSystemId", "Value": replica.file_system_id},
        ],
        StartTime=now - 15 * MINUTE,
        EndTime=now + MINUTE,
        Period=MINUTE,
        Statistics=["Maximum"],
    )["Datapoints"]
    latest = max(each["Maximum"] for each in found)
    assert 10 * MINUTE <= latest < 11 * MINUTE


def test_a_protected_file_system_is_not_overwritten(cloud: Cloud, file_system: FileSystem, replica: FileSystem) -> None:
    cloud.client("efs", RECOVERY).update_file_system_protection(
        FileSystemId=replica.file_system_id, ReplicationOverwriteProtection="ENABLED"
    )
    with pytest.raises(ClientError, match="protected from being overwritten"):
        cloud.client("efs").create_replication_configuration(
            SourceFileSystemId=file_system.file_system_id,
            Destinations=[{"Region": RECOVERY, "FileSystemId": replica.file_system_id}],
        )


@pytest.mark.parametrize("wanted", ["DISABLED", "ENABLED"])
def test_the_protection_of_a_replica_is_not_changed_while_it_is_one(
    cloud: Cloud, replicated: FileSystem, replica: FileSystem, wanted: str
) -> None:
    assert replicated.file_system_id
    with pytest.raises(ClientError, match="ReplicationAlreadyExists"):
        cloud.client("efs", RECOVERY).update_file_system_protection(
            FileSystemId=replica.file_system_id, ReplicationOverwriteProtection=wanted
        )
    assert protection(cloud, replica) == "REPLICATING"


def test_nobody_but_efs_makes_a_file_system_a_replica(cloud: Cloud, file_system: FileSystem) -> None:
    with pytest.raises(ClientError, match="BadRequest"):
        cloud.client("efs").update_file_system_protection(
            FileSystemId=file_system.file_system_id, ReplicationOverwriteProtection="REPLICATING"
        )


def test_a_replica_is_promoted_while_the_region_of_its_source_is_stopped(
    cloud: Cloud, replicated: FileSystem, replica: FileSystem
) -> None:
    source, there = replicated.file_system_id, cloud.client("efs", RECOVERY)
    (replicated.directory / "notes").write_text("lost")
    cloud.control.post("regions", {"region": PRIMARY, "state": "stopped"})
    cloud.advance(20 * MINUTE)
    assert (replica.directory / "notes").read_text() == "first"
    with pytest.raises(ClientError, match="does not answer"):
        there.delete_replication_configuration(SourceFileSystemId=source)
    there.delete_replication_configuration(SourceFileSystemId=source, DeletionMode="LOCAL_CONFIGURATION_ONLY")
    with pytest.raises(ClientError, match="ReplicationNotFound"):
        there.describe_replication_configurations(FileSystemId=replica.file_system_id)
    assert protection(cloud, replica) == "ENABLED"
    cloud.control.post("regions", {"region": PRIMARY, "state": "running"})
    cloud.advance(20 * MINUTE)
    assert (replica.directory / "notes").read_text() == "first"
    here = cloud.client("efs")
    (left,) = here.describe_replication_configurations(FileSystemId=source)["Replications"]
    assert left["Destinations"][0]["Status"] == "ERROR"
    here.delete_replication_configuration(SourceFileSystemId=source, DeletionMode="LOCAL_CONFIGURATION_ONLY")
    here.update_file_system_protection(FileSystemId=source, ReplicationOverwriteProtection="DISABLED")
    (replica.directory / "notes").write_text("written in recovery")
    there.create_replication_configuration(
        SourceFileSystemId=replica.file_system_id, Destinations=[{"Region": PRIMARY, "FileSystemId": source}]
    )
    assert (replicated.directory / "notes").read_text() == "written in recovery"
    there.delete_replication_configuration(SourceFileSystemId=replica.file_system_id)
