"""What AWS Backup tells: EventBridge events, notifications of vaults, metrics. Best effort, as in AWS.

https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html,
https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-notifications.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from kosha_localcloud.services.backup.state import Place, Vault
from kosha_localcloud.services.clients import client
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document

LOG = logging.getLogger(__name__)

JOBS = {"BACKUP": "Backup Job State Change", "COPY": "Copy Job State Change", "RESTORE": "Restore Job State Change"}
_IDS = {"BACKUP": "BackupJobId", "COPY": "CopyJobId", "RESTORE": "RestoreJobId"}
_ENDED = {"COMPLETED": "Completed", "FAILED": "Failed"}
_COUNTED = {"BACKUP": "BackupJobs", "COPY": "CopyJobs", "RESTORE": "RestoreJobs"}


def _best_effort(what: str, call: Callable[[], Any]) -> None:
    try:
        call()
    except (BotoCoreError, ClientError) as error:
        LOG.warning("AWS Backup could not send %s: %s", what, error)


def job_ended(place: Place, kind: str, job: Document, vault: Vault | None, resources: list[str]) -> None:
    """Tell how a job of a kind (BACKUP, COPY, RESTORE) ended."""
    state = str(job.get("State") or job.get("Status"))
    _send_event(place, JOBS[kind], job, resources)
    dimensions = {"ResourceType": job["ResourceType"]} | ({"BackupVaultName": vault.name} if vault else {})
    _count(place, f"NumberOf{_COUNTED[kind]}{_ENDED[state]}", dimensions)
    wanted = {f"{kind}_JOB_COMPLETED", f"{kind}_JOB_{'SUCCESSFUL' if state == 'COMPLETED' else 'FAILED'}"}
    if vault is not None:
        _notify(place, vault, wanted, job[_IDS[kind]], state)


def point_changed(place: Place, vault: Vault, point: Document) -> None:
    """Tell of a recovery point that was made (COMPLETED) or is gone (DELETED)."""
    _send_event(
        place,
        "Recovery Point State Change",
        {name: value for name, value in point.items() if name not in ("RecoveryPointArn", "Tags")},
        [point["RecoveryPointArn"]],
    )
    name = {"COMPLETED": "Completed", "DELETED": "Deleted"}[point["Status"]]
    _count(
        place,
        f"NumberOfRecoveryPoints{name}",
        {"BackupVaultName": vault.name, "ResourceType": point["ResourceType"]},
    )


def _send_event(place: Place, detail_type: str, document: Document, resources: list[str]) -> None:
    detail = {name[0].lower() + name[1:]: value for name, value in document.items() if value is not None}
    entry = {
        "Time": now(),
        "Source": "aws.backup",
        "DetailType": detail_type,
        "Detail": json.dumps(detail, default=_as_text),
        "Resources": resources,
    }
    _best_effort("an event", lambda: client("events", place.account, place.region).put_events(Entries=[entry]))


def _as_text(value: object) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else str(value)


def _count(place: Place, name: str, dimensions: dict[str, str]) -> None:
    """Each metric is there by both dimensions and by each alone."""
    sets = [dimensions, *({key: value} for key, value in dimensions.items() if len(dimensions) > 1)]
    data = [
        {
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in sorted(each.items())],
            "Timestamp": now(),
            "Value": 1,
            "Unit": "Count",
        }
        for each in sets
    ]
    _best_effort(
        "metrics",
        lambda: client("cloudwatch", place.account, place.region).put_metric_data(
            Namespace="AWS/Backup", MetricData=data
        ),
    )


def _notify(place: Place, vault: Vault, events: set[str], job: str, state: str) -> None:
    notifications = vault.notifications
    if notifications is None or not events & set(notifications["BackupVaultEvents"]):
        return
    message = f"An AWS Backup job was {state.lower()}. Job ID : {job}, backup vault {vault.arn}"
    _best_effort(
        "a notification",
        lambda: client("sns", place.account, place.region).publish(
            TopicArn=notifications["SNSTopicArn"], Subject="Notification from AWS Backup", Message=message
        ),
    )
