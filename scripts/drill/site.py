"""The platform as the drill works on it: its time, its storage, its volumes, its regions.

There are two: one on the local cloud (``scripts.drill.local``), one in an account (``scripts.drill.account``).
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from scripts.children import end_with_parent
from scripts.drill.day import Day, Deed
from scripts.drill.ledger import Write
from scripts.paths import REPOSITORY
from scripts.recovery.failover import RESTORED_FROM
from scripts.recovery.standby import STORAGE_DIRECTORIES, Standby
from scripts.talk import AlreadySaidError

DIRECTORIES = {"lake": "published", "snapshots": "critical", "shared_storage": "active"}
"""Where on the shared storage what becomes of each target is written."""
SNAPSHOTS = "snapshots"
"""Prefix in the lake of what lies in ``critical``."""

VOLUME_TAGS = {"kosha:backup": "daily", "kosha:protect": "true"}

type Contents = dict[str, set[str]]
"""Name -> the contents of it that are there."""


@dataclass(frozen=True)
class Site(ABC):
    """A platform with every root applied."""

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

    @abstractmethod
    def now(self) -> datetime:
        """The platform's time."""

    @abstractmethod
    def advance_to(self, moment: datetime) -> None:
        """Let time pass until ``moment``; nothing happens if it is over."""

    @abstractmethod
    def await_begin(self, begin: datetime) -> None:
        """Let time pass until a day begins, where that takes no time."""

    def fit(self, day: Day) -> Day:
        """What of a day can happen here."""
        return day

    def run_command(self, command: str, variables: Mapping[str, str], until: datetime) -> float:
        """Run a command of a runbook as it stands there, a step that lasts ``until``; returns seconds.

        Raises :class:`AlreadySaidError` if the command fails.
        """
        started = time.monotonic()
        with subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=REPOSITORY,
            env={**os.environ, **variables},
            preexec_fn=end_with_parent,
        ) as process:
            self._await(process, command, until)
        if process.returncode != 0:
            raise AlreadySaidError(f"'{command}' ended with {process.returncode}")
        return time.monotonic() - started

    @abstractmethod
    def _await(self, process: subprocess.Popen[bytes], command: str, until: datetime) -> None:
        """Wait until a step is over."""

    @abstractmethod
    def resting_but(self, *patterns: str) -> AbstractContextManager[None]:
        """In the block schedules may rest whose name fits no pattern."""

    # ----------------------------------------------------------------------------------------------- regions

    @abstractmethod
    def lose_region(self) -> None:
        """Lose the primary region."""

    @abstractmethod
    def return_region(self) -> None:
        """Have it back."""

    @abstractmethod
    def set_lags(self, lake: int, storage: int) -> None:
        """Say how late S3 and EFS replicate, in seconds of the platform's time, where that can be said."""

    # ----------------------------------------------------------------------------------------------- storage

    @property
    @abstractmethod
    def primary_storage(self) -> Path:
        """The directories of the shared storage."""

    @property
    @abstractmethod
    def recovery_storage(self) -> Path:
        """The directories of its replica."""

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

    @abstractmethod
    def write_volume(self, identifier: str, content: bytes) -> None:
        """Play the instance that writes to a volume."""

    @abstractmethod
    def digest_of_volume(self, identifier: str) -> str:
        """Of what is on it."""

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
            there["volumes"][lost].add(self.digest_of_volume(volume))
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
