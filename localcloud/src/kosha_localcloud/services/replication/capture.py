"""Seeing what has to be replicated: every successful write to S3 that passes the gateway."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.handlers import run_custom_response_handlers

from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document
from kosha_localcloud.services.replication import buckets, status
from kosha_localcloud.services.replication.apply import Job
from kosha_localcloud.services.replication.faults import faults
from kosha_localcloud.services.replication.rules import Subject, applying
from kosha_localcloud.services.replication.worker import WORKER

OBJECT_WRITTEN = ("PutObject", "CopyObject", "CompleteMultipartUpload", "PostObject")
OBJECT_CHANGED = ("PutObjectTagging", "DeleteObjectTagging", "PutObjectRetention", "PutObjectLegalHold")


def install() -> None:
    """Put the capture into the gateway, before it serves requests."""
    buckets.remember_provider()
    status.show_in_answers()
    faults.serve()
    run_custom_response_handlers.append(capture)


def capture(_chain: Any, context: RequestContext, response: Any) -> None:
    """Look at an answer of S3 before it is sent: whoever reads the object next must find it PENDING."""
    if not context.service or context.service.service_name != "s3" or context.operation is None:
        return
    operation = context.operation.name
    if context.service_exception is not None or response.status_code >= 300 or operation not in _CAPTURES:
        return
    bucket = buckets.bucket_named(context.account_id, (context.service_request or {}).get("Bucket", ""))
    if bucket is not None:
        _CAPTURES[operation](bucket, context.service_request, context.service_response or {})


def _object_written(bucket: Any, request: Document, response: Document) -> None:
    version = buckets.version_of(bucket, request["Key"], response.get("VersionId"))
    if version is None or buckets.is_marker(version):
        return
    # A copy of a replica or of a replicated object starts without a status of its own.
    status.set_status(version, None)
    _enqueue(bucket, version, buckets.tags_of(bucket, version))


def _object_changed(bucket: Any, request: Document, response: Document) -> None:
    """Tags and locks follow an object that was replicated; they make no object a replicated one."""
    version = buckets.version_of(bucket, request["Key"], request.get("VersionId") or response.get("VersionId"))
    if version is None or status.status_of(version) in (None, "REPLICA"):
        return
    _enqueue(bucket, version, buckets.tags_of(bucket, version))


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
    if not bucket.replication or bucket.versioning_status != "Enabled":
        return
    marker = buckets.is_marker(version)
    subject = Subject(version.key, tags, None if marker else version.encryption, marker)
    jobs = [
        Job(
            account=bucket.bucket_account_id,
            bucket=bucket.name,
            key=version.key,
            version_id=version.version_id,
            kind="marker" if marker else "version",
            rule=rule,
            since=now(),
            size=0 if marker else version.size or 0,
        )
        for rule in applying(bucket.replication, subject)
    ]
    if jobs:
        WORKER.add(jobs)


_CAPTURES: dict[str, Callable[[Any, Document, Document], None]] = {
    **dict.fromkeys(OBJECT_WRITTEN, _object_written),
    **dict.fromkeys(OBJECT_CHANGED, _object_changed),
    "DeleteObject": _object_deleted,
    "DeleteObjects": _objects_deleted,
}
