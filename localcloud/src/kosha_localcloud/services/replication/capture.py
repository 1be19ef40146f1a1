"""Seeing what has to be replicated: every successful write to S3 that passes the gateway."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.handlers import run_custom_response_handlers

from kosha_localcloud.access import state
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document
from kosha_localcloud.services.replication import buckets, status
from kosha_localcloud.services.replication.apply import Job
from kosha_localcloud.services.replication.faults import faults
from kosha_localcloud.services.replication.lag import lag
from kosha_localcloud.services.replication.rules import Subject, applying, destination_of, syncs_changes
from kosha_localcloud.services.replication.worker import WORKER, Ticket, Timeline

OBJECT_WRITTEN = ("PutObject", "CopyObject", "CompleteMultipartUpload", "PostObject")
OBJECT_CHANGED = ("PutObjectTagging", "DeleteObjectTagging", "PutObjectRetention", "PutObjectLegalHold")


def install(timeline: Timeline) -> None:
    """Put the capture into the gateway, before it serves requests; `timeline` tells when late replicas are due."""
    WORKER.timeline = timeline
    buckets.remember_provider()
    status.show_in_answers()
    faults.serve()
    lag.serve()
    run_custom_response_handlers.append(capture)


def capture(_chain: Any, context: RequestContext, response: Any) -> None:
    """Look at an answer of S3 before it is sent: whoever reads the object next must find it PENDING."""
    if not context.service or context.service.service_name != "s3" or context.operation is None:
        return
    operation = context.operation.name
    if context.service_exception is not None or response.status_code >= 300 or operation not in _CAPTURES:
        return
    bucket = state.bucket_named((context.service_request or {}).get("Bucket", ""))
    if bucket is not None:
        _CAPTURES[operation](bucket, context.service_request, context.service_response or {})


def _object_written(bucket: Any, request: Document, response: Document) -> None:
    version = buckets.version_of(bucket, request["Key"], response.get("VersionId"))
    if version is None or buckets.is_marker(version):
        return
    # A copy of a replica or of a replicated object starts without a status of its own.
    status.set_status(version, None)
    _enqueue(bucket, version, state.object_tags(bucket, version))


def _object_changed(bucket: Any, request: Document, response: Document) -> None:
    """Tags and locks follow an object that was replicated; they make no object a replicated one.

    Those of a replica go back where rules on both sides say so.
    """
    version = buckets.version_of(bucket, request["Key"], request.get("VersionId") or response.get("VersionId"))
    if version is not None and status.status_of(version) is not None:
        _enqueue(bucket, version, state.object_tags(bucket, version))


def _object_deleted(bucket: Any, request: Document, _response: Document) -> None:
    if not request.get("VersionId"):
        _marker_put(bucket, request["Key"])


def _objects_deleted(bucket: Any, request: Document, _response: Document) -> None:
    for entry in request["Delete"]["Objects"]:
        if not entry.get("VersionId"):
            _marker_put(bucket, entry["Key"])


def _marker_put(bucket: Any, key: str) -> None:
    marker = buckets.version_of(bucket, key, None)
    if marker is not None and buckets.is_marker(marker) and status.status_of(marker) is None:
        _enqueue(bucket, marker, {})


def _enqueue(bucket: Any, version: Any, tags: dict[str, str]) -> None:
    if jobs := _jobs(bucket, version, tags, lag.after(now())):
        WORKER.add(jobs)


def eligible(bucket: Any, version: Any) -> bool:
    """Say whether rules of the bucket replicate a version."""
    return bool(_jobs(bucket, version, _tags(bucket, version), now(), batch=True))


def replicate_by_batch(bucket: Any, version: Any) -> Ticket:
    """Replicate a version that is there already, without a lag. Only an `eligible` one: the ticket ends with it."""
    ticket = Ticket()
    WORKER.add(_jobs(bucket, version, _tags(bucket, version), now(), batch=True), ticket)
    return ticket


def _tags(bucket: Any, version: Any) -> dict[str, str]:
    return {} if buckets.is_marker(version) else state.object_tags(bucket, version)


def _jobs(bucket: Any, version: Any, tags: dict[str, str], due: datetime, batch: bool = False) -> list[Job]:
    """What must be done for a version. A batch takes replicas as it takes any object."""
    if not bucket.replication or bucket.versioning_status != "Enabled":
        return []
    marker = buckets.is_marker(version)
    replica = status.status_of(version) == "REPLICA" and not batch
    subject = Subject(version.key, tags, None if marker else version.encryption, marker, replica)
    kind = "marker" if marker else "changes" if replica else "version"
    return [
        Job(
            account=bucket.bucket_account_id,
            bucket=bucket.name,
            key=version.key,
            version_id=version.version_id,
            kind=kind,
            rule=rule,
            since=now(),
            due=due,
            size=0 if kind != "version" else version.size or 0,
        )
        for rule in applying(bucket.replication, subject)
        if kind != "changes" or _takes_changes(bucket, rule)
    ]


def _takes_changes(bucket: Any, rule: Document) -> bool:
    """Changes go back to a bucket that replicates here, with a rule that says the same."""
    other = state.bucket_named(destination_of(rule))
    rules = ((other.replication if other else None) or {}).get("Rules") or []
    return any(destination_of(each) == bucket.name and syncs_changes(each) for each in rules)


_CAPTURES: dict[str, Callable[[Any, Document, Document], None]] = {
    **dict.fromkeys(OBJECT_WRITTEN, _object_written),
    **dict.fromkeys(OBJECT_CHANGED, _object_changed),
    "DeleteObject": _object_deleted,
    "DeleteObjects": _objects_deleted,
}
