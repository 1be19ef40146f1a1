"""What decisions need to know of the things there are: tags, keys, owners. Read where LocalStack and moto keep them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from kosha_access.resources import Place
from localstack.constants import DEFAULT_AWS_ACCOUNT_ID
from localstack.services.s3.models import S3Bucket, S3DeleteMarker, S3Object, s3_stores
from localstack.services.s3.utils import get_unique_key_id
from moto.iam.models import iam_backends

from kosha_localcloud.services.tagging import from_pairs

# ---------------------------------------------------------------------------------------------------------------- S3


def bucket_named(name: str) -> S3Bucket | None:
    """A bucket, whoever owns it."""
    owner = s3_stores[DEFAULT_AWS_ACCOUNT_ID]["us-east-1"].global_bucket_map.get(name)
    return s3_stores[owner]["us-east-1"].buckets.get(name) if owner else None


def bucket_of(arn: str) -> S3Bucket | None:
    """The bucket of an ARN, or the one that the object of an ARN lies in."""
    name, _, _ = arn.partition(":::")[2].partition("/")
    return bucket_named(name) if name else None


def stored(bucket: S3Bucket, key: str, version: str = "") -> S3Object | None:
    """An object, or its version; None if there is none, or a delete marker."""
    versions = bucket.versioning_status is not None
    found = bucket.objects.get(key, version or None) if versions else bucket.objects.get(key)
    return None if found is None or isinstance(found, S3DeleteMarker) else found


def object_tags(bucket: S3Bucket, found: S3Object) -> dict[str, str]:
    """Of this version."""
    store = s3_stores[bucket.bucket_account_id][bucket.bucket_region]
    return dict(store.tags.get_tags(get_unique_key_id(bucket.name, found.key, found.version_id)))


# ---------------------------------------------------------------------------------------------------------------- IAM


def role_of(arn: str) -> Any:
    """A role; None if there is none."""
    iam = iam_backends[arn.split(":")[4]]["aws"]
    return next((each for each in list(iam.roles.values()) if each.arn == arn), None)


def with_path(arn: str) -> str:
    """The ARN of a role, user, group or profile whose path was not named; AWS decides by the whole."""
    account, kind, name = arn.split(":")[4], *arn.rpartition(":")[2].split("/", 1)
    iam = iam_backends[account]["aws"]
    kept: dict[str, dict[str, Any]] = {
        "role": iam.roles,
        "user": iam.users,
        "group": iam.groups,
        "instance-profile": iam.instance_profiles,
    }
    things = list(kept.get(kind, {}).values())
    return next((str(each.arn) for each in things if each.name == name), arn)


def roles_of_profile(arn: str) -> list[str]:
    """The roles in an instance profile."""
    iam = iam_backends[arn.split(":")[4]]["aws"]
    profiles = list(iam.instance_profiles.values())
    return [str(role.arn) for each in profiles if each.arn == arn for role in each.roles]


# ---------------------------------------------------------------------------------------------------------------- KMS


def key_of(identifier: str, account: str, region: str) -> Any:
    """A key by its id, its alias (``alias/...``) or the ARN of either; None if there is none."""
    from localstack.services.kms.models import kms_stores

    if identifier.startswith("arn:"):
        _, _, _, region, account, identifier = identifier.split(":", 5)
    store = kms_stores[account][region]
    if identifier.startswith("alias/"):
        alias = store.aliases.get(identifier)
        identifier = alias.metadata["TargetKeyId"] if alias else ""
    return store.keys.get(identifier.rpartition("/")[2])


def key_of_ciphertext(blob: bytes, account: str, region: str) -> Any:
    """The key that something was encrypted with."""
    from localstack.services.kms.models import deserialize_ciphertext_blob

    try:
        return key_of(deserialize_ciphertext_blob(blob).key_id, account, region)
    except (struct.error, ValueError):
        return None  # KMS itself says what is wrong with it


def is_aws_managed(key: Any) -> bool:
    """Of a service, whose policy lets everybody in the account use it through that service."""
    return str(key.metadata.get("KeyManager")) == "AWS"


# --------------------------------------------------------------------------------------------------------------- tags


def tags_of(arn: str) -> Mapping[str, str]:
    """Of a resource that is none of S3's."""
    if not arn.startswith("arn:"):
        return {}
    reader = _TAGS.get(arn.split(":")[2])
    region, account = arn.split(":")[3:5]
    return reader(region, account, arn) if reader else {}


def _of_ec2(region: str, account: str, arn: str) -> Mapping[str, str]:
    from moto.ec2.models import ec2_backends

    identifier = arn.rpartition("/")[2]
    # Images and snapshots have no account in their ARN.
    backend = ec2_backends[account or DEFAULT_AWS_ACCOUNT_ID][region]
    return dict(backend.tags.get(identifier, {}))


def _of_iam(_: str, account: str, arn: str) -> Mapping[str, str]:
    iam = iam_backends[account]["aws"]
    if ":role/" in arn:
        role = role_of(arn)
        return from_pairs(role.tags if role else None)
    return from_pairs(iam.tagger.list_tags_for_resource(arn)["Tags"])


def _of_queue(region: str, account: str, arn: str) -> Mapping[str, str]:
    from localstack.services.sqs.models import sqs_stores

    return _kept(sqs_stores[account][region], arn)


def _of_topic(region: str, account: str, arn: str) -> Mapping[str, str]:
    from localstack.services.sns.models import sns_stores

    return _kept(sns_stores[account][region], arn)


def _of_key(region: str, account: str, arn: str) -> Mapping[str, str]:
    from localstack.services.kms.models import kms_stores

    return _kept(kms_stores[account][region], arn)


def _of_function(region: str, account: str, arn: str) -> Mapping[str, str]:
    from localstack.services.lambda_.invocation.models import lambda_stores

    return _kept(lambda_stores[account][region], ":".join(arn.split(":")[:7]))


def _of_datasync(region: str, account: str, arn: str) -> Mapping[str, str]:
    from kosha_localcloud.services.datasync.state import states

    return states.at(account, region).tags.get(arn, {})


def _kept(store: Any, arn: str) -> Mapping[str, str]:
    tags: Mapping[str, str] = store.tags.get_tags(arn)
    return tags


_TAGS = {
    "datasync": _of_datasync,
    "ec2": _of_ec2,
    "iam": _of_iam,
    "kms": _of_key,
    "lambda": _of_function,
    "sns": _of_topic,
    "sqs": _of_queue,
}


# ----------------------------------------------------------------------------------------------- keys behind resources


def topic_key(arn: str) -> str | None:
    """That a topic is encrypted with."""
    from localstack.services.sns.models import sns_stores

    if arn.count(":") < 5:
        return None
    _, _, _, region, account, _ = arn.split(":", 5)
    topic = sns_stores[account][region].topics.get(arn)
    return topic["attributes"].get("KmsMasterKeyId") if topic else None


def queue_key(arn: str) -> str | None:
    """That a queue is encrypted with."""
    from localstack.services.sqs.models import sqs_stores

    _, _, _, region, account, name = arn.split(":", 5)
    queue = sqs_stores[account][region].queues.get(name)
    return queue.attributes.get("KmsMasterKeyId") if queue else None


def volumes_of(instances: Sequence[str], place: Place) -> list[str]:
    """The volumes that are attached to instances."""
    from moto.ec2.models import ec2_backends

    volumes = list(ec2_backends[place.account][place.region].volumes.values())
    return [str(each.id) for each in volumes if each.attachment and each.attachment.instance.id in instances]


def volume_keys(volumes: Sequence[str], place: Place) -> list[str]:
    """That volumes are encrypted with."""
    from moto.ec2.models import ec2_backends

    kept = ec2_backends[place.account][place.region].volumes
    found = [kept[each] for each in volumes if each in kept]
    return [str(each.kms_key_id) for each in found if each.encrypted and each.kms_key_id]


def boundary_of(arn: str) -> str | None:
    """The permissions boundary of a role or user."""
    if ":role/" in arn:
        role = role_of(arn)
        return role.permissions_boundary_arn if role else None
    users = list(iam_backends[arn.split(":")[4]]["aws"].users.values())
    user = next((each for each in users if each.arn == arn), None)
    return getattr(user, "permissions_boundary", None)


def secret_arn(arn: str) -> str:
    """With the signs at the end, where a secret was named without."""
    from moto.secretsmanager.models import secretsmanager_backends

    _, _, _, region, account, rest = arn.split(":", 5)
    secrets = list(secretsmanager_backends[account][region].secrets.values())
    name = rest.removeprefix("secret:")
    return next((str(each.arn) for each in secrets if name in (each.name, each.secret_id)), arn)
