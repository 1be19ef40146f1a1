"""Decides what becomes of volumes and of their last snapshots. Pure: state in, list of actions out.

A volume is *marked* when it is first seen unattached: the window counts from that day, which a tag on the volume keeps.
What is attached again loses its mark. A marked volume whose window is over gets a final snapshot, and goes when
that is complete. A volume that somebody still needs looks unattached, too: a claim of a cluster scaled to nothing, a
disk set aside for a stopped instance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MARK = "kosha:unattached-since"
FINAL_SNAPSHOT_OF = "kosha:final-snapshot-of"
DELETE_AFTER = "kosha:delete-after"
PROTECT = "kosha:protect"
OWNER_INSTANCE = "kosha:owner-instance"
# A mark so far in the future was written by a clock that was wrong.
SKEW = timedelta(hours=1)
REMINDERS = (14, 28)
# Tags by which Kubernetes knows the volumes of its claims: the in-tree names, the CSI driver's, and the cluster's.
# https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md
CLAIM_TAGS = ("kubernetes.io/created-for/pvc/name", "CSIVolumeName", "ebs.csi.aws.com/cluster", "KubernetesCluster")
CLUSTER_TAG_PREFIX = "kubernetes.io/cluster/"


@dataclass(frozen=True)
class Volume:
    """An EBS volume. ``state`` is EC2's: creating, available, in-use, deleting, deleted, error."""

    id: str
    state: str
    size_gib: int
    tags: Mapping[str, str]

    @property
    def marked_at(self) -> datetime | None:
        """When it was first seen unattached; ``None`` without a mark, or with one that cannot be read."""
        return _moment(self.tags.get(MARK, ""))


@dataclass(frozen=True)
class Snapshot:
    """An EBS snapshot. ``state`` is EC2's: pending, completed, error, recoverable, recovering."""

    id: str
    volume_id: str
    state: str
    started_at: datetime
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Instances:
    """The instances that exist, stopped ones too, and the volumes that their block-device mappings name."""

    ids: Set[str]
    volume_ids: Set[str]


@dataclass(frozen=True)
class Mark:
    """First seen unattached."""

    volume: Volume


@dataclass(frozen=True)
class Unmark:
    """In use again, or spared after all."""

    volume: Volume
    reason: str


@dataclass(frozen=True)
class Remind:
    """So many days unattached."""

    volume: Volume
    days: int


@dataclass(frozen=True)
class Snap:
    """The window is over: take the final snapshot."""

    volume: Volume


@dataclass(frozen=True)
class Delete:
    """The final snapshot is complete: delete the volume."""

    volume: Volume
    snapshot: Snapshot


@dataclass(frozen=True)
class Forget:
    """A final snapshot's own retention is over."""

    snapshot: Snapshot


type Action = Mark | Unmark | Remind | Snap | Delete | Forget


def decide(
    volumes: Iterable[Volume],
    instances: Instances,
    snapshots: Iterable[Snapshot],
    now: datetime,
    window: timedelta,
    *,
    reap: bool,
) -> list[Action]:
    """What is due at ``now`` (UTC). Final snapshots are begun by a ``reap`` run only, and finished by any."""
    known, finals = list(volumes), list(snapshots)
    actions: list[Action] = []
    for volume in known:
        action = _for_volume(volume, instances, finals, now, window, reap=reap)
        if action is not None:
            actions.append(action)
    present = {volume.id for volume in known}
    actions += [
        Forget(snapshot)
        for snapshot in finals
        if snapshot.volume_id not in present
        and FINAL_SNAPSHOT_OF in snapshot.tags
        and (until := _moment(snapshot.tags.get(DELETE_AFTER, ""))) is not None
        and until <= now
    ]
    return actions


def _for_volume(
    volume: Volume, instances: Instances, finals: list[Snapshot], now: datetime, window: timedelta, *, reap: bool
) -> Action | None:
    is_marked = MARK in volume.tags
    if volume.state != "available":
        return Unmark(volume, f"it is {volume.state}") if is_marked and volume.state == "in-use" else None
    if reason := spared(volume, instances):
        return Unmark(volume, reason) if is_marked else None
    since = volume.marked_at
    if since is None or since > now + SKEW:
        return Mark(volume)
    age = now - since
    if age < window:
        return Remind(volume, age.days) if age.days in REMINDERS else None
    own = [each for each in finals if each.volume_id == volume.id and each.started_at >= since]
    complete = next((each for each in own if each.state == "completed"), None)
    if complete is not None:
        return Delete(volume, complete)
    if any(each.state != "error" for each in own):
        return None  # under way
    return Snap(volume) if reap or own else None


def spared(volume: Volume, instances: Instances) -> str:
    """Why a volume is never touched although it is unattached; ``""`` if nothing speaks for it."""
    tags = volume.tags
    if tags.get(PROTECT, "").lower() not in ("", "false"):
        return f"its tag {PROTECT} protects it"
    if any(name in tags for name in CLAIM_TAGS) or any(name.startswith(CLUSTER_TAG_PREFIX) for name in tags):
        return "a Kubernetes claim owns it"
    if volume.id in instances.volume_ids:
        return "an instance names it as its own"
    if tags.get(OWNER_INSTANCE) in instances.ids:
        return f"the instance of its tag {OWNER_INSTANCE} exists"
    return ""


def seen_unused_since(action: Snap | Delete) -> datetime | None:
    """From when on (UTC, a full hour) the volume must not have been in use, or it stays. Runs look once a day and miss
    what is attached and left between them. Before the snapshot it is the first full hour after the mark. Before the
    volume goes it is the hour of its snapshot: what was written after that is in no snapshot."""
    if isinstance(action, Delete):
        return _hour(action.snapshot.started_at)
    since = action.volume.marked_at
    return None if since is None else _hour(since) + timedelta(hours=1)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def is_still_due(volume: Volume | None, decided_on: Volume) -> bool:
    """Whether a volume looked at again just before it goes is still unattached under the same mark."""
    return volume is not None and volume.state == "available" and volume.tags.get(MARK) == decided_on.tags.get(MARK)


def snapshot_tags(volume: Volume, delete_after: datetime) -> dict[str, str]:
    """The tags of a final snapshot: the volume's own, as far as 50 fit, and ours."""
    ours = {FINAL_SNAPSHOT_OF: volume.id, DELETE_AFTER: delete_after.isoformat(timespec="seconds")}
    theirs = {
        name: value for name, value in volume.tags.items() if not name.startswith("aws:") and name not in (MARK, *ours)
    }
    return dict(list(theirs.items())[: 50 - len(ours)]) | ours


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
