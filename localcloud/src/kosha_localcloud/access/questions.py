"""What IAM is asked for a call, with what only the state tells: tags of resources, keys behind buckets and topics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from kosha_access.actions import by_version
from kosha_access.calls import Asked, Values, asked, encryption_context, object_arn, source_of
from kosha_access.resources import Place
from localstack.aws.api import RequestContext

from kosha_localcloud.access import state

# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
_SEES_TAGS = frozenset(
    f"s3:{verb}Object{version}{what}"
    for verb, whats in (
        ("Get", ("", "Acl", "Attributes", "Tagging")),
        ("Put", ("Acl", "Tagging")),
        ("Delete", ("Tagging",)),
    )
    for what in whats
    for version in ("", "Version")
)
_READS = frozenset({"GetObject", "GetObjectAcl", "GetObjectAttributes", "GetObjectTagging", "HeadObject"})
_WRITES = frozenset({"CopyObject", "CreateMultipartUpload", "PostObject", "PutObject"})
_PARTS = frozenset({"CompleteMultipartUpload", "UploadPart", "UploadPartCopy"})
# Headers by which a caller says what a network would: there is none here.
_INSECURE, _VPC, _ENDPOINT = "x-kosha-secure-transport", "x-kosha-source-vpc", "x-kosha-source-vpce"


def questions(context: RequestContext, service: str, operation: str) -> list[Asked] | None:
    """All that must be allowed; None where it is not known what the call acts on, or the bucket is not there."""
    place = Place(context.region or "us-east-1", context.account_id, context.partition)
    parameters: Mapping[str, Any] = context.service_request or {}
    found = asked(service, operation, parameters, place)
    if found is None and (service, operation) == ("kms", "Decrypt"):
        key = state.key_of_ciphertext(parameters.get("CiphertextBlob") or b"", place.account, place.region)
        found = asked(service, operation, {**parameters, "KeyId": key.metadata["Arn"]}, place) if key else None
    if found is None:
        return None
    if service == "s3":
        return _of_s3(operation, parameters, place, found)
    complete = [each for one in found for each in _resolved(one, place)]
    return [*(_tagged(each) for each in complete), *_behind(service, operation, parameters, place)]


def circumstances(context: RequestContext, service: str) -> dict[str, str | Sequence[str]]:
    """The condition keys that each request has
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html)."""
    request, now = context.request, datetime.now(UTC)
    headers = request.headers
    secure = headers.get(_INSECURE, "true").lower()
    keys: dict[str, str | Sequence[str]] = {
        "aws:CurrentTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:RequestedRegion": context.region or "us-east-1",
        "aws:SecureTransport": secure,
        "aws:ViaAWSService": "false",
    }
    network = {"aws:SourceVpc": headers.get(_VPC), "aws:SourceVpce": headers.get(_ENDPOINT)}
    found = {name: value for name, value in network.items() if value}
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourceip
    keys |= {**found, "aws:VpcSourceIp": "127.0.0.1"} if found else {"aws:SourceIp": "127.0.0.1"}
    keys |= {
        name: value
        for name, value in (("aws:UserAgent", headers.get("User-Agent")), ("aws:Referer", headers.get("Referer")))
        if value
    }
    return keys | _signature(context, now, secure) if service == "s3" else keys


def _signature(context: RequestContext, now: datetime, secure: str) -> dict[str, str]:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html."""
    keys = {"s3:TlsVersion": "1.3"} if secure == "true" else {}
    if signed := _presigned(context):
        keys |= {
            "s3:authType": "REST-QUERY-STRING",
            "s3:signatureAge": str(max(0, int((now - signed).total_seconds() * 1000))),
            "s3:signatureversion": "AWS4-HMAC-SHA256",
        }
    elif context.operation is not None and context.operation.name == "PostObject":
        keys["s3:authType"] = "POST"
    elif context.request.headers.get("Authorization", "").startswith("AWS4-"):
        keys |= {"s3:authType": "REST-HEADER", "s3:signatureversion": "AWS4-HMAC-SHA256"}
    if content := context.request.headers.get("x-amz-content-sha256"):
        keys["s3:x-amz-content-sha256"] = content
    return keys


def has_expired(context: RequestContext) -> bool:
    """Of a presigned URL."""
    signed, seconds = _presigned(context), context.request.args.get("X-Amz-Expires", "")
    if signed is None or not seconds.isdecimal():
        return False
    return (datetime.now(UTC) - signed).total_seconds() > int(seconds)


def _presigned(context: RequestContext) -> datetime | None:
    """When a URL was signed."""
    text = context.request.args.get("X-Amz-Date")
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if text else None


# ----------------------------------------------------------------------------------------------------------------- S3


def _of_s3(operation: str, parameters: Mapping[str, Any], place: Place, found: list[Asked]) -> list[Asked] | None:
    name = parameters.get("Bucket")
    bucket = state.bucket_named(str(name)) if name else None
    if bucket is None:
        # S3 itself says that there is no such bucket.
        return found if operation in ("ListBuckets", "CreateBucket") else None
    complete = [_with_object_tags(each) for each in found]
    if source := source_of(parameters):
        complete += _of_copy(operation, parameters, place, source)
    key, version = str(parameters.get("Key") or ""), str(parameters.get("VersionId") or "")
    if operation in _READS and state.stored(bucket, key, version) is None:
        # 404 for who may list, else 403: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html. Its key
        # counts as the prefix, as others found who compared an S3 of theirs (https://github.com/ceph/ceph/pull/68577).
        action = "s3:ListBucketVersions" if version else "s3:ListBucket"
        complete.append(Asked(action, object_arn(bucket.name, "", place), {"s3:prefix": key}))
    return [*complete, *_keys_of_s3(operation, parameters, bucket)]


def _with_object_tags(one: Asked) -> Asked:
    if one.action not in _SEES_TAGS:
        return one
    name, _, key = one.resource.partition(":::")[2].partition("/")
    bucket = state.bucket_named(name)
    version = str(one.keys.get("s3:VersionId") or "") if "Version" in one.action else ""
    found = state.stored(bucket, key, version) if bucket else None
    if bucket is None or found is None:
        return one
    tags = state.object_tags(bucket, found)
    return one.having({f"s3:ExistingObjectTag/{name}": value for name, value in tags.items()})


def _of_copy(operation: str, parameters: Mapping[str, Any], place: Place, source: Any) -> list[Asked]:
    """Tags go along unless they are replaced: read on one side, written on the other
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html)."""
    bucket = state.bucket_named(source.bucket)
    found = state.stored(bucket, source.key, source.version) if bucket else None
    if bucket is None or found is None:
        return []
    more = list(key_questions(bucket, source.key, found.kms_key_id, found.bucket_key_enabled, ["kms:Decrypt"]))
    if (
        operation == "CopyObject"
        and parameters.get("TaggingDirective") != "REPLACE"
        and state.object_tags(bucket, found)
    ):
        reading = by_version("s3:GetObjectTagging") if source.version else "s3:GetObjectTagging"
        version = {"s3:VersionId": source.version} if source.version else {}
        more.append(_with_object_tags(Asked(reading, object_arn(source.bucket, source.key, place), version)))
        more.append(Asked("s3:PutObjectTagging", object_arn(str(parameters["Bucket"]), str(parameters["Key"]), place)))
    return more


def _keys_of_s3(operation: str, parameters: Mapping[str, Any], bucket: Any) -> Iterator[Asked]:
    """What reading and writing an object takes of the key it is encrypted with
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html)."""
    key = str(parameters.get("Key") or "")
    if operation == "GetObject" or (operation == "HeadObject" and parameters.get("ChecksumMode") == "ENABLED"):
        found = state.stored(bucket, key, str(parameters.get("VersionId") or ""))
        if found is not None:
            yield from key_questions(bucket, key, found.kms_key_id, found.bucket_key_enabled, ["kms:Decrypt"])
    elif operation in _WRITES:
        rule = bucket.encryption_rule or {}
        default = rule.get("ApplyServerSideEncryptionByDefault") or {}
        if parameters.get("SSECustomerAlgorithm"):
            return
        if (parameters.get("ServerSideEncryption") or default.get("SSEAlgorithm")) == "aws:kms":
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
            actions = ["kms:GenerateDataKey", *(["kms:Decrypt"] if operation == "CreateMultipartUpload" else [])]
            by_bucket = parameters.get("BucketKeyEnabled") or rule.get("BucketKeyEnabled")
            named = parameters.get("SSEKMSKeyId") or default.get("KMSMasterKeyID")
            yield from key_questions(bucket, key, named, by_bucket, actions)
    elif operation in _PARTS:
        upload = bucket.multiparts.get(parameters.get("UploadId"))
        if upload is not None:
            made = upload.object
            actions = ["kms:GenerateDataKey", "kms:Decrypt"]
            yield from key_questions(bucket, key, made.kms_key_id, made.bucket_key_enabled, actions)


def key_questions(bucket: Any, key: str, named: str | None, by_bucket: Any, actions: Iterable[str]) -> Iterator[Asked]:
    """What the use of the key behind an object takes. With a bucket key the context is the bucket, else the object
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html)."""
    arn = f"arn:aws:s3:::{bucket.name}" if by_bucket else f"arn:aws:s3:::{bucket.name}/{key}"
    where = Place(bucket.bucket_region, bucket.bucket_account_id)
    yield from _through("s3", named, where, actions, {"aws:s3:arn": arn})


# ------------------------------------------------------------------------------------------------------ other services


def _through(
    service: str, named: str | None, place: Place, actions: Iterable[str], context: Mapping[str, str], **more: str
) -> Iterator[Asked]:
    """The use of a key through a service in the caller's name
    (https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service)."""
    key = state.key_of(named, place.account, place.region) if named else None
    if key is None or state.is_aws_managed(key):
        return
    keys: Values = {
        **(encryption_context(context) if context else {}),
        "kms:ViaService": f"{service}.{place.region}.amazonaws.com",
        "kms:CallerAccount": place.account,
        "aws:ViaAWSService": "true",
        **more,
    }
    for action in actions:
        yield _tagged(Asked(action, key.metadata["Arn"], keys))


def _behind(service: str, operation: str, parameters: Mapping[str, Any], place: Place) -> Iterator[Asked]:
    """Keys behind topics, queues and volumes."""
    both = ["kms:GenerateDataKey", "kms:Decrypt"]
    if service == "sns" and operation in ("Publish", "PublishBatch"):
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        arn = str(parameters.get("TopicArn") or parameters.get("TargetArn") or "")
        yield from _through("sns", state.topic_key(arn), place, both, {"aws:sns:topicArn": arn})
    elif service == "sqs" and operation in ("SendMessage", "SendMessageBatch", "ReceiveMessage"):
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
        name = str(parameters.get("QueueUrl") or "").rpartition("/")[2]
        arn = place.arn("sqs", name)
        actions = ["kms:Decrypt"] if operation == "ReceiveMessage" else both
        yield from _through("sqs", state.queue_key(arn), place, actions, {"aws:sqs:arn": arn})
    elif service == "ec2" and operation in ("AttachVolume", "StartInstances"):
        # https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
        instances = parameters.get("InstanceIds") or []
        volumes = [parameters["VolumeId"]] if operation == "AttachVolume" else state.volumes_of(instances, place)
        for named in dict.fromkeys(state.volume_keys(volumes, place)):
            yield from _through("ec2", named, place, ["kms:CreateGrant"], {}, **{"kms:GrantIsForAWSResource": "true"})


def _resolved(one: Asked, place: Place) -> Iterator[Asked]:
    """With the ARN that the resource has, where the call named it otherwise."""
    service = one.resource.split(":")[2] if one.resource.startswith("arn:") else ""
    if service == "kms" and not one.action.endswith("Alias"):
        key = state.key_of(one.resource, place.account, place.region)
        alias = {"kms:RequestAlias": one.resource.rpartition(":")[2]} if ":alias/" in one.resource else {}
        more = {**alias, "kms:CallerAccount": place.account}
        yield Asked(one.action, key.metadata["Arn"] if key else one.resource, {**one.keys, **more})
    elif service == "kms" and ":alias/" not in one.resource:
        key = state.key_of(one.resource, place.account, place.region)
        yield Asked(one.action, key.metadata["Arn"] if key else one.resource, one.keys)
    elif service == "kms" and one.action in ("kms:DeleteAlias", "kms:UpdateAlias"):
        yield one
        if key := state.key_of(one.resource, place.account, place.region):
            yield Asked(one.action, key.metadata["Arn"], one.keys)
    elif service == "iam" and one.action == "iam:PassRole" and ":instance-profile/" in one.resource:
        for role in state.roles_of_profile(state.with_path(one.resource)):
            yield Asked(one.action, role, one.keys)
    elif service == "iam" and not one.action.startswith("iam:Create"):
        arn = state.with_path(one.resource)
        boundary = state.boundary_of(arn)
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
        said = {"iam:PermissionsBoundary": boundary} if boundary and "iam:PermissionsBoundary" not in one.keys else {}
        yield Asked(one.action, arn, {**said, **one.keys})
    elif service == "secretsmanager":
        yield Asked(one.action, state.secret_arn(one.resource), one.keys)
    else:
        yield one


def _tagged(one: Asked) -> Asked:
    tags = state.tags_of(one.resource)
    keys: Values = {f"aws:ResourceTag/{name}": value for name, value in tags.items()}
    if one.action.startswith(("ec2:", "iam:")):
        service = one.action.partition(":")[0]
        keys = {**keys, **{f"{service}:ResourceTag/{name}": value for name, value in tags.items()}}
    return one.having(keys)


def deletion(context: RequestContext, bucket: str, one: Mapping[str, Any], bypass: bool) -> list[Asked]:
    """What deleting one of several objects takes."""
    place = Place(context.region or "us-east-1", context.account_id, context.partition)
    parameters = {"Bucket": bucket, "Delete": {"Objects": [one]}, "BypassGovernanceRetention": bypass}
    return asked("s3", "DeleteObjects", parameters, place) or []
