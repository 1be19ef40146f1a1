"""The policies that decide, as they are applied."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from scripts.prove.documents import Documents, Role, Side
from tests.local.conftest import Platform


def documents(platform: Platform) -> Documents:
    """Of buckets, keys and every role: what ``make prove`` reads out of plans, and none of it unknown."""
    foundation, environment = platform.handoffs["10-foundation"], platform.environment
    sides = tuple(
        Side(
            bucket=platform.storage[bucket],
            region=environment.recovery_region if recovery else environment.region,
            policy=_document(platform.client("s3", recovery).get_bucket_policy, Bucket=platform.storage[bucket]),
            key_arn=foundation[keys]["lake"],
            key_policy=_document(
                platform.client("kms", recovery).get_key_policy,
                KeyId=foundation[keys]["lake"],
                PolicyName="default",
            ),
        )
        for recovery, bucket, keys in (
            (False, "lake_bucket", "key_arns"),
            (True, "replica_bucket", "recovery_key_arns"),
        )
    )
    return Documents(
        account=foundation["key_arns"]["lake"].split(":")[4],
        prefix=environment.prefix,
        sides=(sides[0], sides[1]),
        roles={role.name: role for role in _roles(platform)},
        vpc_ids=(foundation["vpc_id"],),
        networks=("127.0.0.0/8",),
    )


def _document(get: Callable[..., Any], **what: str) -> Any:
    return json.loads(get(**what)["Policy"])


def _roles(platform: Platform) -> Iterator[Role]:
    iam = platform.client("iam")
    prefix = f"{platform.environment.prefix}-"
    for page in iam.get_paginator("list_roles").paginate():
        for name in (each["RoleName"] for each in page["Roles"] if each["RoleName"].startswith(prefix)):
            role = iam.get_role(RoleName=name)["Role"]
            inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
            attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
            boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
            yield Role(
                name=name.removeprefix(prefix),
                # What AWS manages is for the cluster, and says nothing of the lake.
                policies=(
                    *(iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"] for each in inline),
                    *(_managed(iam, each["PolicyArn"]) for each in attached if each["PolicyName"].startswith(prefix)),
                ),
                trust=role["AssumeRolePolicyDocument"],
                boundary=_managed(iam, boundary) if boundary else None,
            )


def _managed(iam: Any, arn: str) -> Any:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
