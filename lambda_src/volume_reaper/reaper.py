"""Carries out a run: look, decide, act on each volume by itself, tell.

Every run looks anew, so whatever failed or was cut off is found and done by the next one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from common.clock import Clock
from common.failures import code_of
from common.modes import BadRequest, read_mode
from common.notices import Detail, Severity
from common.publisher import NoticeNotSent, Publisher
from volume_reaper import messages
from volume_reaper.aws import UsageUnknown
from volume_reaper.config import Config
from volume_reaper.domain import (
    Action,
    Delete,
    Forget,
    Instances,
    Mark,
    Remind,
    Snap,
    Snapshot,
    Unmark,
    Volume,
    decide,
    is_still_due,
    seen_unused_since,
    snapshot_tags,
)

MODES = ("watch", "reap", "dry_run")
_IN_USE_AGAIN = frozenset({"VolumeInUse", "IncorrectState"})
_GONE = frozenset({"InvalidVolume.NotFound", "InvalidSnapshot.NotFound"})


class Volumes(Protocol):
    """Volumes as this module needs them (``volume_reaper.aws.Volumes``)."""

    def volumes(self) -> list[Volume]: ...
    def volume(self, volume_id: str) -> Volume | None: ...
    def instances(self) -> Instances: ...
    def final_snapshots(self) -> list[Snapshot]: ...
    def mark(self, volume_id: str, moment: datetime) -> None: ...
    def unmark(self, volume_id: str) -> None: ...
    def snap(self, volume_id: str, tags: dict[str, str]) -> str: ...
    def delete_volume(self, volume_id: str) -> None: ...
    def delete_snapshot(self, snapshot_id: str) -> None: ...


class Usage(Protocol):
    """Past use of volumes as this module needs it (``volume_reaper.aws.Usage``)."""

    def was_attached(self, volume_id: str, since: datetime, until: datetime) -> bool: ...


@dataclass(frozen=True)
class Reaper:
    """Marks, reminds, snapshots and deletes."""

    config: Config
    volumes: Volumes
    usage: Usage
    publisher: Publisher
    logger: Logger
    metrics: Metrics

    def run(self, event: Any, clock: Clock) -> dict[str, Any]:
        """Do what is due and return the counts by kind of action; a dry run returns what would be done.

        Raises:
            ClientError, BotoCoreError: EC2 could not be asked what there is.
            NoticeNotSent: SNS did not take a notice; the work itself is done.
        """
        try:
            mode = read_mode(event, MODES, "watch")
        except BadRequest as error:
            self.metrics.add_metric("EventsIgnored", MetricUnit.Count, 1)
            self.logger.warning("ignored an event", extra={"problem": str(error)})
            return {"outcome": "ignored", "reason": str(error)}
        now = clock.now()
        actions = decide(
            self.volumes.volumes(),
            self.volumes.instances(),
            self.volumes.final_snapshots(),
            now,
            self.config.window,
            reap=mode in ("reap", "dry_run"),
        )
        if mode == "dry_run":
            return {"outcome": "dry_run", "actions": [_text(self._unless_used(action, now)) for action in actions]}
        told: defaultdict[tuple[str, Severity, str], list[Mapping[str, Detail]]] = defaultdict(list)
        counts: defaultdict[str, int] = defaultdict(int)
        for action in actions:
            if clock.is_short:
                counts["left_for_next_run"] += 1
                continue
            self._carry_out(action, now, told, counts)
        return self._conclude(now, told, counts)

    def _carry_out(
        self,
        action: Action,
        now: datetime,
        told: defaultdict[tuple[str, Severity, str], list[Mapping[str, Detail]]],
        counts: defaultdict[str, int],
    ) -> None:
        try:
            action = self._unless_used(action, now)
            match action:
                case Mark(volume=volume):
                    self.volumes.mark(volume.id, now)
                    told[messages.MARKED].append(messages.describe(volume))
                case Unmark(volume=volume):
                    self.volumes.unmark(volume.id)
                case Remind(volume=volume, days=days):
                    told[messages.REMINDED].append(messages.describe(volume, days_unattached=days))
                case Snap(volume=volume):
                    if not is_still_due(self.volumes.volume(volume.id), volume):
                        counts["changed_meanwhile"] += 1
                        return
                    tags = snapshot_tags(volume, now + self.config.retention)
                    snapshot_id = self.volumes.snap(volume.id, tags)
                    told[messages.SNAPPED].append(messages.describe(volume, snapshot=snapshot_id))
                case Delete(volume=volume, snapshot=snapshot):
                    if not is_still_due(self.volumes.volume(volume.id), volume):
                        counts["changed_meanwhile"] += 1
                        return
                    self.volumes.delete_volume(volume.id)
                    told[messages.DELETED].append(messages.describe(volume, snapshot=snapshot.id))
                    self.metrics.add_metric("GibibytesDeleted", MetricUnit.Count, volume.size_gib)
                case Forget(snapshot=snapshot):
                    self.volumes.delete_snapshot(snapshot.id)
        except (ClientError, BotoCoreError, UsageUnknown) as error:
            self._failed(action, error, told, counts)
        else:
            counts[_name(action)] += 1

    def _unless_used(self, action: Action, now: datetime) -> Action:
        """The action, or ``Unmark`` for a volume that was in use when nobody looked."""
        if not isinstance(action, Snap | Delete):
            return action
        since = seen_unused_since(action)
        if since is not None and self.usage.was_attached(action.volume.id, since, now):
            return Unmark(action.volume, f"it was in use after {since.isoformat()}")
        return action

    def _failed(
        self,
        action: Action,
        error: Exception,
        told: defaultdict[tuple[str, Severity, str], list[Mapping[str, Detail]]],
        counts: defaultdict[str, int],
    ) -> None:
        code = code_of(error)
        if code in _GONE or (isinstance(action, Delete) and code in _IN_USE_AGAIN):
            counts["changed_meanwhile"] += 1
            return
        counts["failed"] += 1
        self.logger.error("an action failed", extra={"action": _text(action), "error_code": code})
        facts = {"action": _name(action), "problem": code}
        if isinstance(action, Forget):
            told[messages.FAILED].append({"volume": action.snapshot.volume_id, "snapshot": action.snapshot.id} | facts)
        else:
            told[messages.FAILED].append({**messages.describe(action.volume), **facts})

    def _conclude(
        self,
        now: datetime,
        told: Mapping[tuple[str, Severity, str], list[Mapping[str, Detail]]],
        counts: Mapping[str, int],
    ) -> dict[str, Any]:
        self.metrics.add_metric("VolumesMarked", MetricUnit.Count, counts.get("mark", 0))
        self.metrics.add_metric("VolumesDeleted", MetricUnit.Count, counts.get("delete", 0))
        self.metrics.add_metric("VolumeFailures", MetricUnit.Count, counts.get("failed", 0))
        self.logger.info("looked at the volumes", extra={"counts": dict(counts)})
        unsent = 0
        for form, items in told.items():
            notice = messages.notice(form, self.config.environment, now, items, self.config.window.days)
            unsent += 0 if self.publisher.publish(self.config.topic_arn, notice) else 1
        if unsent:
            raise NoticeNotSent(f"SNS did not take {unsent} notices; what they tell is done")
        return {"outcome": "done", "counts": dict(counts)}


def _name(action: Action) -> str:
    return type(action).__name__.lower()


def _text(action: Action) -> str:
    subject = action.snapshot.id if isinstance(action, Forget) else action.volume.id
    return f"{_name(action)} {subject}"
