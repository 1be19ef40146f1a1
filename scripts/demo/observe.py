"""Look at what a transfer left behind: objects, their tags, their replicas, and the notices sent."""

from __future__ import annotations

import fnmatch
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import ClientError

from scripts.infrastructure.environments import Environment
from scripts.localcloud import LocalCloud
from scripts.object_tags import tags_of
from scripts.paths import CATALOG
from scripts.talk import UserError

POLL_SECONDS = 1.0


@dataclass(frozen=True)
class LakeObject:
    """One object of the data lake beside its replica. ``latency`` counts platform seconds from the file being published
    to its being in the lake; None if the file is no longer there."""

    key: str
    size: int
    tags: dict[str, str]
    replication: str
    replica_tags: dict[str, str] | None
    latency: float | None

    @property
    def data_class(self) -> str:
        return self.tags.get("data_class", "")

    @property
    def is_settled(self) -> bool:
        """Tagged, and the replica carries the same tags."""
        return bool(self.data_class) and self.replica_tags == self.tags


@dataclass(frozen=True)
class Notice:
    """A notice as a subscriber received it."""

    topic: str
    endpoint: str
    kind: str
    summary: str
    time: str


def published_files(storage: Path) -> dict[str, Path]:
    """Finished files under ``published/`` by the key they will have; files still in flight are left out."""
    patterns = yaml.safe_load((CATALOG / "shared-storage.yaml").read_text(encoding="utf-8"))["in_flight"]
    root = storage / "published"
    files = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
    return {key: path for key, path in sorted(files.items()) if not _matches(key, patterns)}


def _matches(key: str, patterns: Iterable[str]) -> bool:
    return any(
        fnmatch.fnmatch(f"/{key}", f"*{pattern.lstrip('*')}*" if "/" in pattern else pattern) for pattern in patterns
    )


def _tags(client: Any, bucket: str, key: str) -> dict[str, str] | None:
    try:
        return tags_of(client, bucket, key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
            return None
        raise


def lake_objects(
    cloud: LocalCloud, environment: Environment, storage: Path, handoff: dict[str, Any]
) -> list[LakeObject]:
    """Every object of the lake with its replica's state. DataSync's folder markers hold nothing and are left out."""
    primary, recovery = cloud.client("s3", environment.region), cloud.client("s3", environment.recovery_region)
    lake, replica = handoff["lake_bucket"], handoff["replica_bucket"]
    files = published_files(storage)
    rows = []
    for page in primary.get_paginator("list_objects_v2").paginate(Bucket=lake):
        for item in page.get("Contents", []):
            key = item["Key"]
            if key.endswith("/"):
                continue
            head = primary.head_object(Bucket=lake, Key=key)
            published = files[key].stat().st_mtime if key in files else None
            rows.append(
                LakeObject(
                    key=key,
                    size=item["Size"],
                    tags=_tags(primary, lake, key) or {},
                    replication=head.get("ReplicationStatus", "-"),
                    replica_tags=_tags(recovery, replica, key),
                    latency=None if published is None else item["LastModified"].timestamp() - published,
                )
            )
    return rows


def wait_until_settled(
    cloud: LocalCloud, environment: Environment, storage: Path, handoff: dict[str, Any], deadline: float
) -> list[LakeObject]:
    """Poll until every published file is in the lake, tagged, and replicated with its tags.

    Raises :class:`UserError` naming what is missing after ``deadline`` seconds.
    """
    end = time.monotonic() + deadline
    while True:
        rows = lake_objects(cloud, environment, storage, handoff)
        missing = sorted(set(published_files(storage)) - {row.key for row in rows if row.is_settled})
        if not missing:
            return rows
        if time.monotonic() > end:
            raise UserError(
                f"{len(missing)} published files are not in the lake, tagged and replicated after {deadline:.0f} s: "
                f"{', '.join(missing[:5])}; the local cloud's log is {cloud.log_file}"
            )
        time.sleep(POLL_SECONDS)


def notices(cloud: LocalCloud) -> list[Notice]:
    """What the subscribers of the alert topics received, oldest first.

    Left out are the alarms that were never in alarm: CloudWatch says of each new one once that it is OK.
    """
    found = []
    for mail in cloud.control("GET", "mailbox"):
        body = json.loads(mail["message"])
        if body.get("NewStateValue") == "OK" and body.get("OldStateValue") != "ALARM":
            continue
        found.append(
            Notice(
                topic=mail["topic_arn"].rsplit(":", 1)[-1],
                endpoint=mail["endpoint"],
                kind=body.get("kind") or ("alarm.ended" if body["NewStateValue"] == "OK" else "alarm"),
                summary=body.get("summary") or f"{body['AlarmName']}: {body['AlarmDescription']}",
                time=_moment(mail["time"]),
            )
        )
    return found


def _moment(value: str | float) -> str:
    moment = datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else datetime.fromisoformat(value)
    return moment.astimezone(UTC).strftime("%H:%M:%S")
