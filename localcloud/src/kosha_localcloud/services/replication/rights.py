"""What the role of a replication may do: decided for each object, by the role that the configuration names.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html and, for keys,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
"""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from kosha_access.calls import Asked

from kosha_localcloud.access import questions
from kosha_localcloud.access.enforcement import reason_against, service_in_role
from kosha_localcloud.services.replication.errors import ReplicationError

SERVICE = "s3.amazonaws.com"


def check_rights(kind: str, source: Any, original: Any, destination: Any, replica_key: str | None) -> None:
    """Raise ReplicationError for the first right that is missing; nothing is missing where nothing is decided."""
    try:
        who = service_in_role(str(source.replication["Role"]), SERVICE, f"arn:aws:s3:::{source.name}")
    except ClientError as error:
        raise ReplicationError("AssumeRoleNotPermitted", f"{error}: let {SERVICE} assume the role.") from error
    for code, region, asked in _needed(kind, source, original, destination, replica_key):
        if reason := reason_against(who, asked, region):
            raise ReplicationError(code, reason)


def _needed(
    kind: str, source: Any, original: Any, destination: Any, replica_key: str | None
) -> Iterator[tuple[str, str, Asked]]:
    """What each right is missed by, where it is asked for, and the question."""
    here, there = source.bucket_region, destination.bucket_region
    given = f"arn:aws:s3:::{source.name}/{original.key}"
    taken = f"arn:aws:s3:::{destination.name}/{original.key}"
    if kind == "marker":
        yield "DstDelObjNotPermitted", there, Asked("s3:ReplicateDelete", taken)
        return
    if kind == "version":
        yield "SrcGetObjectNotPermitted", here, Asked("s3:GetObjectVersionForReplication", given)
        if source.object_lock_enabled:
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
            for action in ("s3:GetObjectRetention", "s3:GetObjectLegalHold"):
                yield "SrcGetObjectNotPermitted", here, Asked(action, given)
        for asked in questions.key_questions(
            source, original.key, original.kms_key_id, original.bucket_key_enabled, ["kms:Decrypt"]
        ):
            yield "SrcGetObjectNotPermitted", here, asked
        yield "DstPutObjectNotPermitted", there, Asked("s3:ReplicateObject", taken)
        by_bucket = (destination.encryption_rule or {}).get("BucketKeyEnabled")
        for asked in questions.key_questions(destination, original.key, replica_key, by_bucket, ["kms:Encrypt"]):
            yield "DstPutObjectNotPermitted", there, asked
    yield "SrcGetTaggingNotPermitted", here, Asked("s3:GetObjectVersionTagging", given)
    yield "DstPutTaggingNotPermitted", there, Asked("s3:ReplicateTags", taken)
