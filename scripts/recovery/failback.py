"""The way back, once the primary region answers again: each step may be run again, and does then what is left of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.object_tags import tags_of
from scripts.recovery.standby import HOUR, Standby
from scripts.talk import EXIT_FAILURE, UserError, make_console

READERS = 16
SHOWN = 10

console = make_console()


def primary_answers(standby: Standby) -> int:
    """Look whether the primary region serves what the platform stands on. Raises :class:`UserError` if not."""
    calls: dict[str, Callable[[], Any]] = {
        "S3": lambda: standby.primary("s3").head_bucket(Bucket=standby.storage["lake_bucket"]),
        "EFS": lambda: _file_system(standby),
        "KMS": lambda: standby.primary("kms").describe_key(KeyId=standby.handoff("10-foundation")["key_arns"]["lake"]),
        "SSM": lambda: standby.primary("ssm").get_parameter(Name=standby.environment.handoff("20-storage")),
    }
    for service, call in calls.items():
        try:
            call()
        except (ClientError, BotoCoreError) as error:
            raise UserError(f"{service} of {standby.environment.region} does not serve yet: {error}") from error
    console.print(f"{standby.environment.region} answers: {', '.join(calls)}", highlight=False)
    return 0


def mirror_storage(standby: Standby) -> int:
    """Replicate the shared storage back, over what the primary held when it was lost.

    https://docs.aws.amazon.com/efs/latest/ug/replication-fail-over.html: the primary's file system must let itself be
    overwritten. What was written there and never replicated is in its recovery points.
    """
    primary, source = standby.primary("efs"), str(standby.storage["file_system_id"])
    for each in _replications(primary, source):
        if each["SourceFileSystemId"] == source:
            # The side that did not answer when the replica was promoted.
            primary.delete_replication_configuration(SourceFileSystemId=source, DeletionMode="LOCAL_CONFIGURATION_ONLY")
            standby.wait(f"{source} is replicated no more", lambda: not _replications(primary, source))
    efs, replica = standby.client("efs"), standby.replica_file_system
    if not _replications(efs, replica):
        primary.update_file_system_protection(FileSystemId=source, ReplicationOverwriteProtection="DISABLED")
        efs.create_replication_configuration(
            SourceFileSystemId=replica, Destinations=[{"Region": standby.environment.region, "FileSystemId": source}]
        )
    standby.wait(f"{source} has what {replica} has", lambda: _is_synced(efs, replica), 24 * HOUR)
    console.print(f"{replica} is replicated to {source}", highlight=False)
    return 0


def await_replicas(standby: Standby) -> int:
    """Wait until the lake has what is in its replica now. Raises :class:`UserError` for what S3 gave up.

    The runbook comes back to this step when nothing writes any more.
    """
    s3, bucket = standby.client("s3"), standby.storage["replica_bucket"]
    waiting, failed = _keys(s3, bucket), list[str]()

    def state(key: str) -> str:
        try:
            return str(s3.head_object(Bucket=bucket, Key=key).get("ReplicationStatus", ""))
        except ClientError as error:
            if error.response["Error"]["Code"] == "404":  # deleted since
                return ""
            raise

    def is_done() -> bool:
        with ThreadPoolExecutor(READERS) as pool:
            states = list(zip(waiting, pool.map(state, waiting), strict=True))
        waiting[:] = [key for key, found in states if found == "PENDING"]
        failed.extend(key for key, found in states if found == "FAILED")
        return not waiting

    standby.wait(f"nothing of {bucket} waits to be replicated", is_done, 24 * HOUR)
    if failed:
        raise UserError(
            f"S3 gave up on {len(failed)} objects of {bucket} ({', '.join(failed[:SHOWN])}); bring them with: "
            f"make replicate ENV={standby.environment.name} DIRECTION=back MODE=apply"
        )
    console.print(f"everything that was in {bucket} is in {standby.storage['lake_bucket']}", highlight=False)
    return 0


def return_storage(standby: Standby) -> int:
    """End the replication back: the primary's file system can be written again, and is not overwritten any more."""
    primary, source = standby.primary("efs"), str(standby.storage["file_system_id"])
    efs, replica = standby.client("efs"), standby.replica_file_system
    if _replications(efs, replica):
        begun = _last_sync(efs, replica)
        standby.wait("one more synchronisation, of what was written last", lambda: _last_sync(efs, replica) != begun)
        efs.delete_replication_configuration(SourceFileSystemId=replica)
        standby.wait(f"{source} can be written", lambda: not _replications(primary, source))
    primary.update_file_system_protection(FileSystemId=source, ReplicationOverwriteProtection="ENABLED")
    # The next replication overwrites the replica (60-protection makes it again).
    efs.update_file_system_protection(FileSystemId=replica, ReplicationOverwriteProtection="DISABLED")
    console.print(f"{source} can be written", highlight=False)
    return 0


def compare(standby: Standby) -> int:
    """Compare the lake with its replica: names, contents and tags; exit code 1 names what differs."""
    sides = {
        bucket: dict(_described(s3, bucket))
        for s3, bucket in (
            (standby.primary("s3"), standby.storage["lake_bucket"]),
            (standby.client("s3"), standby.storage["replica_bucket"]),
        )
    }
    lake, replica = sides.values()
    differing = sorted(key for key in lake.keys() | replica.keys() if lake.get(key) != replica.get(key))
    for key in differing[:SHOWN]:
        console.print(f"[red]differs[/] {key}: {lake.get(key)} and {replica.get(key)}", highlight=False)
    if differing:
        console.print(f"{len(differing)} objects differ", highlight=False)
        return EXIT_FAILURE
    console.print(f"{len(lake):,} objects are the same on both sides, with their tags", highlight=False)
    return 0


def _file_system(standby: Standby) -> Any:
    return standby.primary("efs").describe_file_systems(FileSystemId=standby.storage["file_system_id"])


def _replications(efs: Any, file_system: str) -> list[dict[str, Any]]:
    try:
        return list(efs.describe_replication_configurations(FileSystemId=file_system)["Replications"])
    except efs.exceptions.ReplicationNotFound:
        return []


def _last_sync(efs: Any, file_system: str) -> Any:
    return _replications(efs, file_system)[0]["Destinations"][0].get("LastReplicatedTimestamp")


def _is_synced(efs: Any, file_system: str) -> bool:
    (destination,) = _replications(efs, file_system)[0]["Destinations"]
    return destination["Status"] == "ENABLED" and "LastReplicatedTimestamp" in destination


def _keys(s3: Any, bucket: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def _described(s3: Any, bucket: str) -> Iterator[tuple[str, tuple[str, str, dict[str, str]]]]:
    """Each key with its version, ETag and tags; a replica has the version id of its original."""

    def look(key: str) -> tuple[str, str, dict[str, str]]:
        head = s3.head_object(Bucket=bucket, Key=key)
        return head["VersionId"], head["ETag"], tags_of(s3, bucket, key)

    with ThreadPoolExecutor(READERS) as pool:
        keys = _keys(s3, bucket)
        yield from zip(keys, pool.map(look, keys), strict=True)
