"""Who may do what with objects of the lake, by the policies of both buckets and of every role, as they are applied.

The evaluator of access/ decides, as it does in front of every call to the local cloud; here it is asked about calls
that nobody makes.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from kosha_access.evaluation import Decision, Policies, Principal, Request, decide

from common.permissions import Permission, Resource
from tests.local.conftest import Platform

ACCOUNT = "000000000000"
CLASSED = {"data_class": "variant_calls", "sensitivity": "controlled", "project": "p", "site": "s"}
KEY = "variant-calls/p/vc_p_s_S1.vcf.gz"
TAGGING = {
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersionTagging",
}
type Tags = Mapping[str, str]
READING = ("s3:GetObject", "s3:GetObjectVersion")
ADMINISTRATOR = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
TAGGERS = {"object-tagger", "tag-backfill", "tag-backfill-jobs", "cluster-hospital"}


class Lake:
    """The policies of both buckets and of all roles of the platform, by the names of roles without the prefix."""

    def __init__(self, platform: Platform) -> None:
        self.buckets = [platform.storage["lake_bucket"], platform.storage["replica_bucket"]]
        self.policies = [
            json.loads(platform.client("s3", recovery=recovery).get_bucket_policy(Bucket=bucket)["Policy"])
            for bucket, recovery in zip(self.buckets, (False, True), strict=True)
        ]
        self.roles = dict(_roles(platform))

    def ask(
        self, role: str, action: str, tags: Tags, new: Tags | None = None, *, side: int = 0, identity: Any = None
    ) -> Decision:
        """Whether a role may do this to an object with tags; ``new`` are those of the request."""
        keys: dict[str, Any] = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}
        if action in (*READING, *TAGGING):
            keys |= {f"s3:ExistingObjectTag/{name}": value for name, value in tags.items()}
        if new:
            keys |= {f"s3:RequestObjectTag/{name}": value for name, value in new.items()}
            keys["s3:RequestObjectTagKeys"] = list(new)
        arn = f"arn:aws:iam::{ACCOUNT}:role/kosha-local-{role}"
        who = Principal(arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/kosha-local-{role}/x", account=ACCOUNT, role_arn=arn)
        request = Request(who, action, f"arn:aws:s3:::{self.buckets[side]}/{KEY}", ACCOUNT, keys)
        documents = [identity] if identity else self.roles[role]
        return decide(request, Policies(identity=documents, resource=self.policies[side]))


def _roles(platform: Platform) -> Any:
    iam = platform.client("iam")
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            if not role["RoleName"].startswith("kosha-local-"):
                continue
            names = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
            documents = [iam.get_role_policy(RoleName=role["RoleName"], PolicyName=n)["PolicyDocument"] for n in names]
            yield role["RoleName"].removeprefix("kosha-local-"), documents


@pytest.fixture(scope="module")
def lake(platform: Platform) -> Lake:
    return Lake(platform)


def declared(function: str) -> list[Permission]:
    permissions: list[Permission] = importlib.import_module(f"{function}.permissions").PERMISSIONS
    return permissions


@pytest.mark.parametrize("function", ["object_tagger", "tag_backfill", "tag_auditor", "scratch_cleaner"])
def test_a_function_may_do_what_it_declares_past_the_bucket_policy(lake: Lake, function: str) -> None:
    asked = [
        (action, resource)
        for permission in declared(function)
        for resource in [permission.resource]
        for action in permission.actions
        if resource is Resource.LAKE_OBJECTS
    ]
    assert asked
    for action, _ in asked:
        answers = [
            lake.ask(role, action, CLASSED, CLASSED if action in TAGGING else None)
            for role in lake.roles
            if function.replace("_", "-") in role
        ]
        assert any(answer.allowed for answer in answers), (action, answers)


def test_the_roles_that_tag_are_those_the_lake_knows(lake: Lake) -> None:
    assert set(lake.roles) >= TAGGERS
    may = {role for role in lake.roles for action in TAGGING if lake.ask(role, action, CLASSED, CLASSED).allowed}
    assert may == TAGGERS - {"cluster-hospital"}, "the hospital's role tags below its own prefix only"


@pytest.mark.parametrize("side", [0, 1], ids=["lake", "replica"])
def test_an_administrator_neither_tags_nor_reads_what_has_no_class(lake: Lake, side: int) -> None:
    def ask(action: str, tags: Tags, new: Tags | None = None) -> Decision:
        return lake.ask("admin", action, tags, new, side=side, identity=ADMINISTRATOR)

    for action in sorted(TAGGING):
        assert ask(action, CLASSED, CLASSED).reason.startswith("denied by resource policy: Deny")
    for action in READING:
        assert ask(action, CLASSED).allowed
        assert ask(action, {}).reason.endswith("DenyReadingWithoutClass")
        assert ask(action, {"project": "p"}).reason.endswith("DenyReadingWithoutClass")


@pytest.mark.parametrize("side", [0, 1], ids=["lake", "replica"])
@pytest.mark.parametrize("role", sorted(TAGGERS))
def test_even_a_tagging_role_takes_no_class_away(lake: Lake, role: str, side: int) -> None:
    def may(action: str, new: Tags | None) -> bool:
        return lake.ask(role, action, CLASSED, new, side=side, identity=ADMINISTRATOR).allowed

    for action in sorted(TAGGING):
        assert not may(action, {"project": "q"})
        assert not may(action, None)
    assert may("s3:PutObjectVersionTagging", {"data_class": "unclassified"})


def test_the_transfer_reads_back_what_has_no_class_and_nobody_else(lake: Lake) -> None:
    readers = {role for role in lake.roles for action in READING if lake.ask(role, action, {}).allowed}
    assert readers == {"transfer-lake"}


def test_without_tls_nobody_does_anything(lake: Lake) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/admin"
    keys: Mapping[str, str] = {"aws:SecureTransport": "false", "s3:ExistingObjectTag/data_class": "variant_calls"}
    request = Request(
        Principal(arn=arn, account=ACCOUNT), "s3:GetObject", f"arn:aws:s3:::{lake.buckets[0]}/{KEY}", ACCOUNT, keys
    )
    answer = decide(request, Policies(identity=[ADMINISTRATOR], resource=lake.policies[0]))
    assert answer.reason == "denied by resource policy: DenyWithoutTls"
