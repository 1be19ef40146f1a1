"""The platform on the local cloud as the drill works on it: its clock, its storage, its volumes, its regions."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from scripts.children import end_with_parent
from scripts.drill.day import Deed
from scripts.drill.ledger import Write
from scripts.localcloud import LocalCloud
from scripts.paths import REPOSITORY
from scripts.recovery.failover import RESTORED_FROM
from scripts.recovery.standby import STORAGE_DIRECTORIES, Standby
from scripts.talk import AlreadySaidError

DIRECTORIES = {"lake": "published", "snapshots": "critical", "shared_storage": "active"}
"""Where on the shared storage what becomes of each target is written."""
SNAPSHOTS = "snapshots"
"""Prefix in the lake of what lies in ``critical``."""

VOLUME_TAGS = {"kosha:backup": "daily", "kosha:protect": "true"}
PATIENCE = 4.0
"""Seconds after which a step that is not done is taken for one that waits."""

type Contents = dict[str, set[str]]
"""Name -> the contents of it that are there."""


@dataclass(frozen=True)
class Site:
    """A local cloud with every root applied."""

    cloud: LocalCloud
    standby: Standby
    stage: str
    """What the standby platform waits in: ``cold`` or ``pilot_light``."""
    volumes: list[str] = field(default_factory=list)
    """The volumes of the platform's users in the primary region."""

    @property
    def region(self) -> str:
        return self.standby.environment.region

    @property
    def recovery_region(self) -> str:
        return self.standby.environment.recovery_region

    # ------------------------------------------------------------------------------------------------ time

    def now(self) -> datetime:
        """The time of the local cloud."""
        return datetime.fromisoformat(self.cloud.control("GET", "clock")["now"])

    def advance_to(self, moment: datetime) -> None:
        """Let time pass until ``moment``; nothing happens if it is over."""
        seconds = int((moment - self.now()).total_seconds())
        if seconds > 0:
            self.cloud.advance_clock(seconds)

    def run_command(self, command: str, variables: Mapping[str, str], until: datetime) -> float:
        """Run a command of a runbook as it stands there; returns seconds.

        A step of ``make recover`` may wait for what the platform does by the clock: time passes for it, until ``until``
        at the most. Raises :class:`AlreadySaidError` if the command fails.
        """
        started = time.monotonic()
        may_wait = command.startswith("make recover")
        with subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=REPOSITORY,
            env={**os.environ, **variables},
            preexec_fn=end_with_parent,
        ) as process:
            while process.poll() is None:
                try:
                    process.wait(PATIENCE if may_wait else None)
                except subprocess.TimeoutExpired:
                    self.advance_to(min(until, self.now() + timedelta(minutes=1)))
        if process.returncode != 0:
            raise AlreadySaidError(f"'{command}' ended with {process.returncode}")
        return time.monotonic() - started

    # ----------------------------------------------------------------------------------------------- regions

    def set_region(self, state: str) -> None:
        """Lose the primary region (``stopped``) or have it back (``running``)."""
        self.cloud.control("POST", "regions", {"region": self.region, "state": state})

    def set_lags(self, lake: int, storage: int) -> None:
        """How late S3 and EFS replicate, in seconds of the platform's time."""
        self.cloud.control("POST", "replication/lag", {"seconds": lake})
        self.cloud.control("POST", "efs/replication/lag", {"seconds": storage})

    # ----------------------------------------------------------------------------------------------- storage

    @cached_property
    def primary_storage(self) -> Path:
        return self.cloud.shared_storage(self.standby.storage["file_system_id"])

    @cached_property
    def recovery_storage(self) -> Path:
        return self.cloud.shared_storage(self.standby.replica_file_system)

    def write_file(self, storage: Path, path: str, content: bytes) -> None:
        """Write a file whole, as programs of the platform do: aside, then renamed."""
        target = storage / path
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f"{target.name}.part")
        aside.write_bytes(content)
        aside.rename(target)

    # ----------------------------------------------------------------------------------------------- volumes

    def find_volumes(self) -> None:
        """Take over the volumes that an earlier drill made."""
        pages = self.standby.primary("ec2").get_paginator("describe_volumes")
        wanted = [{"Name": f"tag:{key}", "Values": [value]} for key, value in VOLUME_TAGS.items()]
        self.volumes.extend(each["VolumeId"] for page in pages.paginate(Filters=wanted) for each in page["Volumes"])
        self.volumes.sort()

    def make_volume(self, zone: str) -> None:
        """A volume with the tag that has it backed up."""
        tags = [{"Key": key, "Value": value} for key, value in VOLUME_TAGS.items()]
        made = self.standby.primary("ec2").create_volume(
            AvailabilityZone=zone,
            Size=1,
            VolumeType="gp3",
            Encrypted=True,
            TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
        )
        self.volumes.append(made["VolumeId"])
        self.write_volume(made["VolumeId"], b"new")

    def write_volume(self, identifier: str, content: bytes) -> None:
        """Play the instance that writes to a volume."""
        self.volume(identifier).parent.mkdir(parents=True, exist_ok=True)
        self.volume(identifier).write_bytes(content)

    def volume(self, identifier: str) -> Path:
        """The content of a volume: the local cloud keeps one file for each."""
        return self.cloud.directory / "volumes" / identifier

    def restored_volumes(self, since: datetime) -> Iterator[tuple[str, str]]:
        """(id of the volume that is lost, id of the one restored from its recovery point), of those made ``since``."""
        ec2, backup = self.standby.client("ec2"), self.standby.client("backup")
        vault = self.standby.protection["recovery_vault_name"]
        for each in ec2.describe_volumes(Filters=[{"Name": "tag-key", "Values": [RESTORED_FROM]}])["Volumes"]:
            if each["CreateTime"] < since:
                continue
            tags = {tag["Key"]: tag["Value"] for tag in each["Tags"]}
            point = backup.describe_recovery_point(BackupVaultName=vault, RecoveryPointArn=tags[RESTORED_FROM])
            yield point["ResourceArn"].rpartition("/")[2], each["VolumeId"]

    # ------------------------------------------------------------------------------------------------- deeds

    def do(self, deed: Deed) -> Write:
        """Write what somebody writes. Of a file for the lake, the shared storage is the first to have it."""
        if deed.target == "volumes":
            name = self.volumes[int(deed.name)]
            self.write_volume(name, deed.content)
            return Write("volumes", name, digest(deed.content), self.now())
        path = f"{DIRECTORIES[deed.target]}/{deed.name}"
        self.write_file(self.primary_storage, path, deed.content)
        if deed.target == "snapshots":
            return Write("snapshots", deed.name, digest(deed.content), self.now())
        return Write("shared_storage", path, digest(deed.content), self.now())

    def acknowledged(self) -> list[Write]:
        """What the lake has: S3's word on each version, and whether it says that the copy is made."""
        s3, bucket = self.standby.primary("s3"), self.standby.storage["lake_bucket"]
        return [
            Write(
                "lake",
                each["Key"],
                each["VersionId"],
                each["LastModified"],
                s3.head_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"]).get("ReplicationStatus")
                == "COMPLETED",
            )
            for each in versions(s3, bucket)
        ]

    # ------------------------------------------------------------------------------------------------- found

    def found(self, since: datetime) -> dict[str, Contents]:
        """What is there in the recovery region, for each target; of volumes those restored ``since``."""
        s3, bucket = self.standby.client("s3"), self.standby.storage["replica_bucket"]
        there: dict[str, Contents] = {target: defaultdict(set) for target in ("lake", "shared_storage", "volumes")}
        for each in versions(s3, bucket):
            there["lake"][each["Key"]].add(each["VersionId"])
        for target in ("lake", "shared_storage"):
            directory = DIRECTORIES[target]
            for name, content in files(self.recovery_storage / directory).items():
                there["shared_storage"][f"{directory}/{name}"].add(content)
        for lost, volume in self.restored_volumes(since):
            there["volumes"][lost].add(digest(self.volume(volume).read_bytes()))
        return there

    def copies_of_snapshots(self) -> dict[str, Contents]:
        """What is there of ``critical``, for each copy that is made of it."""
        s3, bucket = self.standby.client("s3"), self.standby.storage["replica_bucket"]
        copies: dict[str, Contents] = {
            "transfer to the lake": defaultdict(set),
            "replica of the shared storage": defaultdict(set),
            "hourly recovery point": defaultdict(set),
        }
        in_lake, in_replica, in_point = copies.values()
        for each in versions(s3, bucket):
            if each["Key"].startswith(f"{SNAPSHOTS}/"):
                body = s3.get_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])["Body"].read()
                in_lake[each["Key"].removeprefix(f"{SNAPSHOTS}/")].add(digest(body))
        for name, content in files(self.recovery_storage / DIRECTORIES["snapshots"]).items():
            in_replica[name].add(content)
        for restored in self.restored_directories():
            for name, content in files(restored).items():
                in_point[name].add(content)
        return copies

    def restored_directories(self) -> list[Path]:
        """Where AWS Backup has put ``critical`` back on the file system of the recovery region."""
        pattern = f"aws-backup-restore_*{STORAGE_DIRECTORIES}/{DIRECTORIES['snapshots']}"
        return sorted(self.recovery_storage.parent.glob(pattern))


def versions(s3: Any, bucket: str) -> Iterator[dict[str, Any]]:
    """Every version of every object; DataSync's folder markers are nobody's data."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        yield from (each for each in page.get("Versions", []) if not each["Key"].endswith("/"))


def files(folder: Path) -> dict[str, str]:
    """Path below the folder -> digest of the content."""
    return {
        str(path.relative_to(folder)): digest(path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
