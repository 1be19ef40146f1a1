"""Whether the recovery region could take over now: looked at while both regions serve, every week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from scripts.recovery.failover import newest_points, replication_of
from scripts.recovery.standby import Standby, verdict
from scripts.recovery.targets import read_targets
from scripts.talk import make_console

TAG = "kosha:backup"
# A backup begins within its window and a copy takes its time: what is older than its target and this is late.
GRACE = timedelta(hours=3)

console = make_console()


def ready(standby: Standby) -> int:
    """Look whether everything has a copy that is young enough and can be used; exit code 1 names what has not."""
    problems = chain.from_iterable(look(standby) for look in (_volumes, _storage, _keys, _alarms))
    return verdict(console, problems, f"{standby.environment.recovery_region} could take over now")


def _volumes(standby: Standby) -> Iterator[tuple[str, str]]:
    """Nodes' own disks go with their nodes and are not looked at."""
    pages = standby.primary("ec2").get_paginator("describe_volumes").paginate()
    points, oldest = newest_points(standby, "EBS"), _now(standby) - read_targets()["volumes"].rpo - GRACE
    for volume in (each for page in pages for each in page["Volumes"]):
        if any(each.get("DeleteOnTermination") for each in volume["Attachments"]):
            continue
        identifier = volume["VolumeId"]
        tags = {tag["Key"]: tag["Value"] for tag in volume.get("Tags", [])}
        if tags.get(TAG) not in ("daily", "none"):
            found = f"the tag {TAG}={tags[TAG]}" if TAG in tags else f"no tag {TAG}"
            yield identifier, f"it has {found}, so nothing backs it up; tag it daily, or none if it may be lost"
        elif tags[TAG] == "daily":
            point = next((each for arn, each in points.items() if arn.endswith(f"/{identifier}")), None)
            if point is None:
                if volume["CreateTime"] < oldest:
                    yield identifier, "there is no recovery point of it in the recovery region"
            elif point["CreationDate"] < oldest:
                yield identifier, f"its newest recovery point there is of {point['CreationDate']:%Y-%m-%d %H:%M}"


def _storage(standby: Standby) -> Iterator[tuple[str, str]]:
    replication, late = replication_of(standby), _now(standby) - read_targets()["shared_storage"].rpo - GRACE
    if replication is None:
        yield standby.replica_file_system, "nothing is replicated to it; apply 60-protection"
        return
    (destination,) = replication["Destinations"]
    last = destination.get("LastReplicatedTimestamp")
    if destination["Status"] != "ENABLED" or last is None or last <= late:
        synced = f"as of {last:%Y-%m-%d %H:%M}" if last else "not filled yet"
        yield standby.replica_file_system, f"its replication is {destination['Status']}, and it is {synced}"
    point = newest_points(standby, "EFS").get(standby.storage["file_system_arn"])
    if point is None or point["CreationDate"] < _now(standby) - read_targets()["snapshots"].rpo - GRACE:
        yield standby.storage["file_system_id"], "its newest recovery point there is too old, or there is none"


def _keys(standby: Standby) -> Iterator[tuple[str, str]]:
    kms = standby.client("kms")
    for purpose, arn in standby.handoff("10-foundation")["recovery_key_arns"].items():
        state = kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]
        if state != "Enabled":
            yield f"key {purpose}", f"its replica in {standby.environment.recovery_region} is {state}"


def _alarms(standby: Standby) -> Iterator[tuple[str, str]]:
    prefix = standby.environment.prefix
    for region, cloudwatch in (
        (standby.environment.region, standby.primary("cloudwatch")),
        (standby.environment.recovery_region, standby.client("cloudwatch")),
    ):
        for kind in ("replication", "backup"):
            for page in cloudwatch.get_paginator("describe_alarms").paginate(
                AlarmNamePrefix=f"{prefix}-{kind}-", StateValue="ALARM"
            ):
                for alarm in page["MetricAlarms"]:
                    yield f"{alarm['AlarmName']} in {region}", str(alarm["AlarmDescription"])


def _now(standby: Standby) -> datetime:
    """AWS's time: on the local cloud it is not this machine's."""
    answer: Any = standby.client("sts").get_caller_identity()
    return datetime.strptime(answer["ResponseMetadata"]["HTTPHeaders"]["date"], "%a, %d %b %Y %H:%M:%S %Z").replace(
        tzinfo=UTC
    )
