"""Restore jobs, done at once."""

from __future__ import annotations

import logging
import uuid

from localstack.aws.api import RequestContext

from kosha_localcloud.services.backup import events
from kosha_localcloud.services.backup.faults import faults
from kosha_localcloud.services.backup.resources import KINDS, BackupError
from kosha_localcloud.services.backup.state import Place, Vault, found, listed, place_of, table
from kosha_localcloud.services.clients import client
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document, refuse

LOG = logging.getLogger(__name__)


@table.real("StartRestoreJob", "done when the call returns; EBS and EFS")
def start_restore_job(context: RequestContext, request: Document) -> Document:
    place = place_of(context)
    vault, point = _point(place, request["RecoveryPointArn"])
    return {"RestoreJobId": restore(place, vault, point, request)["RestoreJobId"]}


def restore(place: Place, vault: Vault, point: Document, request: Document) -> Document:
    """Restore a recovery point as StartRestoreJob asks; gives the job, which says how it ended."""
    role = request.get("IamRoleArn") or point["IamRoleArn"]
    job: Document = {
        "AccountId": place.account,
        "RestoreJobId": str(uuid.uuid4()),
        "RecoveryPointArn": point["RecoveryPointArn"],
        "SourceResourceArn": point["ResourceArn"],
        "BackupVaultArn": vault.arn,
        "ResourceType": point["ResourceType"],
        "BackupSizeInBytes": point["BackupSizeInBytes"],
        "IamRoleArn": role,
        "PercentDone": "100.0",
        "CreationDate": now(),
        "RecoveryPointCreationDate": point["CreationDate"],
    }
    place.state.restore_jobs[job["RestoreJobId"]] = job
    try:
        if faults.strike("fail", point["ResourceArn"], "restore"):
            raise BackupError("The restore job failed: a fault of the local cloud.")
        made = KINDS[point["ResourceType"]].restore(point, place, request["Metadata"], role)
        if request.get("CopySourceTagsToRestoredResource") and point["ResourceType"] == "EBS":
            tags = place.state.tags.get(point["RecoveryPointArn"], {})
            client("ec2", place.account, place.region).create_tags(
                Resources=[made.rpartition("/")[2]],
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )
        job |= {"Status": "COMPLETED", "CreatedResourceArn": made}
    except BackupError as error:
        job |= {"Status": "FAILED", "StatusMessage": str(error)}
        LOG.info("Restore of %s failed: %s", point["RecoveryPointArn"], error)
    job["CompletionDate"] = now()
    events.job_ended(place, "RESTORE", job, vault, [point["RecoveryPointArn"]])
    return job


def _point(place: Place, arn: str) -> tuple[Vault, Document]:
    for vault in place.state.vaults.values():
        if arn in vault.points:
            return vault, vault.points[arn]
    raise refuse("ResourceNotFoundException", f"There is no recovery point {arn}.", 404)


@table.real("DescribeRestoreJob")
def describe_restore_job(context: RequestContext, request: Document) -> Document:
    return found(place_of(context).state.restore_jobs, request["RestoreJobId"], "restore job")


@table.real("ListRestoreJobs")
def list_restore_jobs(context: RequestContext, request: Document) -> Document:
    filters = {
        "ByStatus": lambda job: job["Status"],
        "ByResourceType": lambda job: job["ResourceType"],
    }
    return {"RestoreJobs": listed(place_of(context).state.restore_jobs.values(), request, filters, "CreationDate")}
