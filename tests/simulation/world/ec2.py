"""EC2: volumes, snapshots and instances of one region, and a client with the methods the functions use.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Welcome.html. A stopped instance keeps its volumes attached; a
snapshot holds the moment it was asked for, and is complete some time later.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tests.simulation.world.errors import client_error
from tests.simulation.world.faults import Faults, Invocation
from tests.simulation.world.timeline import Timeline

REGION = "ap-south-1"
SNAPSHOT_TAKES = timedelta(minutes=7)
PAGE = 20
MARK = "kosha:unattached-since"


@dataclass
class Volume:
    """A volume. ``detached_at`` is known to the world only; AWS does not tell it."""

    id: str
    created_at: datetime
    tags: dict[str, str]
    instance: str | None = None
    detached_at: datetime | None = None
    written: int = 0
    size: int = 8
    attached_at: datetime | None = None
    # From when to when it was attached, as its metrics tell.
    uses: list[tuple[datetime, datetime]] = field(default_factory=list)

    @property
    def state(self) -> str:
        return "available" if self.instance is None else "in-use"


@dataclass
class Snapshot:
    """A snapshot; ``holds`` is how much had been written to the volume by then."""

    id: str
    volume: str
    started_at: datetime
    holds: int
    by: str
    tags: dict[str, str]
    state: str = "pending"
    description: str = ""


@dataclass
class Instance:
    """An instance; ``busy`` is whether its processors work, ``touched_at`` when somebody last did anything with it."""

    id: str
    launched_at: datetime
    tags: dict[str, str]
    state: str = "running"
    busy: bool = False
    stopped_by: str = ""
    changed_at: datetime | None = None
    kind: str = "m7g.large"
    touched_at: datetime | None = None
    # Somebody has set its stop protection, of which describing it says nothing.
    cannot_stop: bool = False
    is_spot: bool = False

    def touch(self, moment: datetime) -> None:
        """Somebody does something with it that lasts until ``moment``."""
        self.touched_at = max(self.touched_at or moment, moment)


@dataclass(frozen=True)
class Deleted:
    """Something a caller has deleted or stopped."""

    what: str
    thing: Volume | Snapshot | Instance
    invocation: Invocation | None


class Machines:
    """What EC2 holds."""

    def __init__(self, timeline: Timeline, faults: Faults) -> None:
        self.timeline = timeline
        self.faults = faults
        self.volumes: dict[str, Volume] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.instances: dict[str, Instance] = {}
        self.watchers: list[Callable[[Deleted], None]] = []
        self.fail_snapshots = 0
        self.slow_snapshots = timedelta(0)
        self._numbers = count(1)

    def make_volume(self, tags: Mapping[str, str], instance: str | None) -> Volume:
        """A new volume."""
        now = self.timeline.now
        volume = Volume(f"vol-{next(self._numbers):017x}", now, dict(tags), instance)
        volume.detached_at = now if instance is None else None
        volume.attached_at = None if instance is None else now
        volume.written = next(self._numbers)
        self.volumes[volume.id] = volume
        return volume

    def make_instance(self, tags: Mapping[str, str]) -> Instance:
        """A new instance."""
        instance = Instance(f"i-{next(self._numbers):017x}", self.timeline.now, dict(tags))
        instance.changed_at = instance.touched_at = self.timeline.now
        self.instances[instance.id] = instance
        return instance

    def attach(self, volume: Volume, instance: str) -> None:
        """Attach a volume; whoever uses it writes to it."""
        volume.instance = instance
        volume.attached_at = self.timeline.now
        volume.detached_at = None
        volume.written = next(self._numbers)

    def detach(self, volume: Volume) -> None:
        """Detach a volume."""
        volume.instance = None
        volume.uses.append((volume.attached_at or volume.created_at, self.timeline.now))
        volume.attached_at = None
        volume.detached_at = self.timeline.now
        volume.written = next(self._numbers)

    def take_snapshot(self, volume: Volume, tags: Mapping[str, str], by: str, description: str = "") -> Snapshot:
        """Begin a snapshot."""
        now = self.timeline.now
        snapshot = Snapshot(
            f"snap-{next(self._numbers):017x}", volume.id, now, volume.written, by, dict(tags), description=description
        )
        self.snapshots[snapshot.id] = snapshot
        fails = self.fail_snapshots > 0
        self.fail_snapshots -= fails

        def ends() -> None:
            if fails:
                self.faults.note("snapshot failed")
            snapshot.state = "error" if fails else "completed"

        self.timeline.after(SNAPSHOT_TAKES + self.slow_snapshots, ends)
        return snapshot

    def tell(self, what: str, thing: Volume | Snapshot | Instance) -> None:
        """Let whoever watches know."""
        for watcher in self.watchers:
            watcher(Deleted(what, thing, self.faults.invocation))


class Ec2:
    """A client."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines

    def get_paginator(self, operation: str) -> _Pages:
        """Pages of descriptions."""
        known: dict[str, Callable[..., dict[str, Any]]] = {
            "describe_volumes": self.describe_volumes,
            "describe_snapshots": self.describe_snapshots,
            "describe_instances": self.describe_instances,
        }
        if operation not in known:
            raise NotImplementedError(f"the paginator {operation}")
        return _Pages(known[operation])

    def describe_volumes(
        self,
        *,
        Filters: Sequence[Mapping[str, Any]] = (),
        VolumeIds: Sequence[str] = (),
        NextToken: str = "",
        MaxResults: int = PAGE,
    ) -> dict[str, Any]:
        """Volumes."""
        done = self._begin("DescribeVolumes")
        for each in VolumeIds:
            self._volume("DescribeVolumes", each)
        found = [
            each
            for each in self._machines.volumes.values()
            if (not VolumeIds or each.id in VolumeIds) and _matches(each.tags, _volume_fields(each), Filters)
        ]
        done()
        return _page("Volumes", found, _volume, NextToken, MaxResults)

    def describe_snapshots(
        self,
        *,
        Filters: Sequence[Mapping[str, Any]] = (),
        SnapshotIds: Sequence[str] = (),
        OwnerIds: Sequence[str] = (),
        NextToken: str = "",
        MaxResults: int = PAGE,
    ) -> dict[str, Any]:
        """Snapshots of this account."""
        del OwnerIds
        done = self._begin("DescribeSnapshots")
        for each in SnapshotIds:
            if each not in self._machines.snapshots:
                raise client_error("DescribeSnapshots", "InvalidSnapshot.NotFound", 400)
        found = [
            each
            for each in self._machines.snapshots.values()
            if (not SnapshotIds or each.id in SnapshotIds) and _matches(each.tags, _snapshot_fields(each), Filters)
        ]
        done()
        return _page("Snapshots", found, _snapshot, NextToken, MaxResults)

    def describe_instances(
        self,
        *,
        Filters: Sequence[Mapping[str, Any]] = (),
        InstanceIds: Sequence[str] = (),
        NextToken: str = "",
        MaxResults: int = PAGE,
    ) -> dict[str, Any]:
        """Instances, each in a reservation of its own."""
        done = self._begin("DescribeInstances")
        for each in InstanceIds:
            if each not in self._machines.instances:
                raise client_error("DescribeInstances", "InvalidInstanceID.NotFound", 400)
        found = [
            each
            for each in self._machines.instances.values()
            if (not InstanceIds or each.id in InstanceIds) and _matches(each.tags, _instance_fields(each), Filters)
        ]
        done()
        attached: dict[str | None, list[str]] = {}
        for volume in self._machines.volumes.values():
            attached.setdefault(volume.instance, []).append(volume.id)

        def shown(instance: Instance) -> dict[str, Any]:
            return {"Instances": [_instance(instance, attached.get(instance.id, []))]}

        return _page("Reservations", found, shown, NextToken, MaxResults)

    def create_tags(self, *, Resources: Sequence[str], Tags: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """Set tags."""
        done = self._begin("CreateTags")
        for name in Resources:
            thing = self._thing("CreateTags", name)
            merged = thing.tags | {each["Key"]: each["Value"] for each in Tags}
            if len(merged) > 50:
                raise client_error("CreateTags", "TagLimitExceeded", 400)
            thing.tags = merged
        done()
        return {}

    def delete_tags(self, *, Resources: Sequence[str], Tags: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """Remove tags; where a value is given, only if it is that one."""
        done = self._begin("DeleteTags")
        for name in Resources:
            thing = self._thing("DeleteTags", name)
            for each in Tags:
                if "Value" not in each or thing.tags.get(each["Key"]) == each["Value"]:
                    thing.tags.pop(each["Key"], None)
        done()
        return {}

    def create_snapshot(
        self, *, VolumeId: str, Description: str = "", TagSpecifications: Sequence[Mapping[str, Any]] = ()
    ) -> dict[str, Any]:
        """Begin a snapshot."""
        done = self._begin("CreateSnapshot")
        volume = self._volume("CreateSnapshot", VolumeId)
        tags = {each["Key"]: each["Value"] for spec in TagSpecifications for each in spec["Tags"]}
        invocation = self._machines.faults.invocation
        by = invocation.function if invocation else ""
        snapshot = self._machines.take_snapshot(volume, tags, by, Description)
        done()
        return _snapshot(snapshot)

    def delete_volume(self, *, VolumeId: str) -> dict[str, Any]:
        """Delete a volume that is not attached."""
        done = self._begin("DeleteVolume")
        volume = self._volume("DeleteVolume", VolumeId)
        if volume.instance is not None:
            raise client_error("DeleteVolume", "VolumeInUse", 400, f"{VolumeId} is currently attached")
        del self._machines.volumes[VolumeId]
        self._machines.tell("volume deleted", volume)
        done()
        return {}

    def delete_snapshot(self, *, SnapshotId: str) -> dict[str, Any]:
        """Delete a snapshot."""
        done = self._begin("DeleteSnapshot")
        snapshot = self._machines.snapshots.pop(SnapshotId, None)
        if snapshot is None:
            raise client_error("DeleteSnapshot", "InvalidSnapshot.NotFound", 400)
        self._machines.tell("snapshot deleted", snapshot)
        done()
        return {}

    def stop_instances(self, *, InstanceIds: Sequence[str]) -> dict[str, Any]:
        """Stop instances: all of them or none, as EC2 does."""
        return self._change("StopInstances", InstanceIds, "running", "stopped", "instance stopped")

    def start_instances(self, *, InstanceIds: Sequence[str]) -> dict[str, Any]:
        """Start instances."""
        return self._change("StartInstances", InstanceIds, "stopped", "running", "instance started")

    def _change(self, operation: str, names: Sequence[str], before: str, after: str, what: str) -> dict[str, Any]:
        done = self._begin(operation)
        instances = []
        for name in names:
            instance = self._machines.instances.get(name)
            if instance is None:
                raise client_error(operation, "InvalidInstanceID.NotFound", 400)
            if instance.state not in (before, after):
                raise client_error(operation, "IncorrectInstanceState", 400)
            if instance.cannot_stop and after == "stopped":
                raise client_error(operation, "OperationNotPermitted", 400)
            instances.append(instance)
        invocation = self._machines.faults.invocation
        for instance in instances:
            if instance.state == before:
                instance.state = after
                instance.changed_at = self._machines.timeline.now
                if after == "stopped":
                    instance.stopped_by = invocation.function if invocation else ""
                else:
                    instance.launched_at = self._machines.timeline.now
                self._machines.tell(what, instance)
        done()
        return {
            "StoppingInstances" if after == "stopped" else "StartingInstances": [
                {"InstanceId": each.id, "CurrentState": {"Name": each.state}, "PreviousState": {"Name": before}}
                for each in instances
            ]
        }

    def _begin(self, operation: str) -> Callable[[], None]:
        return self._machines.faults.before("ec2", REGION, operation)

    def _volume(self, operation: str, name: str) -> Volume:
        volume = self._machines.volumes.get(name)
        if volume is None:
            raise client_error(operation, "InvalidVolume.NotFound", 400, f"The volume '{name}' does not exist.")
        return volume

    def _thing(self, operation: str, name: str) -> Volume | Snapshot | Instance:
        if name.startswith("vol-"):
            return self._volume(operation, name)
        found: Snapshot | Instance | None = self._machines.snapshots.get(name) or self._machines.instances.get(name)
        if found is None:
            kind = "InvalidSnapshot.NotFound" if name.startswith("snap-") else "InvalidInstanceID.NotFound"
            raise client_error(operation, kind, 400)
        return found


class _Pages:
    def __init__(self, operation: Callable[..., dict[str, Any]]) -> None:
        self._operation = operation

    def paginate(self, PaginationConfig: Mapping[str, Any] | None = None, **arguments: Any) -> Iterator[dict[str, Any]]:
        del PaginationConfig
        while True:
            page = self._operation(**arguments)
            yield page
            if "NextToken" not in page:
                return
            arguments = arguments | {"NextToken": page["NextToken"]}


def _page(
    name: str, found: Sequence[Any], shown: Callable[[Any], dict[str, Any]], token: str, size: int
) -> dict[str, Any]:
    begin = int(token or 0)
    page: dict[str, Any] = {name: [shown(each) for each in found[begin : begin + size]]}
    if begin + size < len(found):
        page["NextToken"] = str(begin + size)
    return page


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": name, "Value": value} for name, value in tags.items()]


def _matches(tags: Mapping[str, str], fields: Mapping[str, str], filters: Sequence[Mapping[str, Any]]) -> bool:
    for each in filters:
        name, values = each["Name"], each["Values"]
        if name == "tag-key":
            if not any(fnmatch.fnmatchcase(key, value) for key in tags for value in values):
                return False
        elif name.startswith("tag:"):
            present = tags.get(name.removeprefix("tag:"))
            if present is None or not any(fnmatch.fnmatchcase(present, value) for value in values):
                return False
        elif name in fields:
            if fields[name] not in values:
                return False
        else:
            raise NotImplementedError(f"the filter {name}")
    return True


def _volume_fields(volume: Volume) -> dict[str, str]:
    return {"status": volume.state, "volume-id": volume.id, "attachment.instance-id": volume.instance or ""}


def _snapshot_fields(snapshot: Snapshot) -> dict[str, str]:
    return {"status": snapshot.state, "volume-id": snapshot.volume, "snapshot-id": snapshot.id}


def _instance_fields(instance: Instance) -> dict[str, str]:
    return {"instance-state-name": instance.state, "instance-id": instance.id}


def _volume(volume: Volume) -> dict[str, Any]:
    attached = [{"InstanceId": volume.instance, "State": "attached", "VolumeId": volume.id}] if volume.instance else []
    return {
        "VolumeId": volume.id,
        "State": volume.state,
        "CreateTime": volume.created_at,
        "Attachments": attached,
        "Size": volume.size,
        "AvailabilityZone": f"{REGION}a",
        "Encrypted": True,
        "VolumeType": "gp3",
    } | ({"Tags": _tags(volume.tags)} if volume.tags else {})


def _snapshot(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "SnapshotId": snapshot.id,
        "VolumeId": snapshot.volume,
        "State": snapshot.state,
        "StartTime": snapshot.started_at,
        "Progress": "100%" if snapshot.state == "completed" else "40%",
        "Description": snapshot.description,
    } | ({"Tags": _tags(snapshot.tags)} if snapshot.tags else {})


def _instance(instance: Instance, volumes: Sequence[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "InstanceId": instance.id,
        "State": {"Name": instance.state, "Code": 16 if instance.state == "running" else 80},
        "LaunchTime": instance.launched_at,
        "Tags": _tags(instance.tags),
        "InstanceType": instance.kind,
        "BlockDeviceMappings": [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeId": each}} for each in volumes],
    }
    if instance.is_spot:
        shown["InstanceLifecycle"] = "spot"
    if instance.state == "stopped" and instance.changed_at is not None:
        shown["StateTransitionReason"] = f"User initiated ({instance.changed_at:%Y-%m-%d %H:%M:%S} GMT)"
    return shown
