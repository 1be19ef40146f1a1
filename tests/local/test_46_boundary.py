"""Every role of the platform, as applied, has the boundary, and the boundary lets it do all that its policies say.

The evaluator of access/ decides, with the condition keys that each statement asks for. Of AWS's managed policies
tests/functional/access/test_guardrails.py says what is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from kosha_access.evaluation import Policies, Principal, Request, decide

from scripts.localcloud import ACCOUNT
from tests.local.conftest import Platform

EVERYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
# Of these the value decides, so it comes from the statement; others a boundary does not ask for.
DECISIVE = {"iam:PassedToService", "kms:GrantIsForAWSResource"}


@pytest.fixture(scope="module")
def boundary(platform: Platform) -> Mapping[str, Any]:
    iam, arn = platform.client("iam"), platform.handoffs["10-foundation"]["permissions_boundary_arn"]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document: Mapping[str, Any] = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return document


def roles(platform: Platform) -> list[str]:
    pages = platform.client("iam").get_paginator("list_roles").paginate()
    return [role["RoleName"] for page in pages for role in page["Roles"] if role["RoleName"].startswith("kosha-local-")]


def test_every_role_has_the_boundary(platform: Platform) -> None:
    arn = platform.handoffs["10-foundation"]["permissions_boundary_arn"]
    iam, names = platform.client("iam"), roles(platform)
    assert len(names) > 20
    held = {name: iam.get_role(RoleName=name)["Role"].get("PermissionsBoundary", {}) for name in names}
    assert {name for name, of in held.items() if of.get("PermissionsBoundaryArn") != arn} == set()


def test_the_boundary_takes_nothing_from_a_role_that_its_own_policies_give(
    platform: Platform, boundary: Mapping[str, Any]
) -> None:
    requests = [(role, request) for role in roles(platform) for request in asked(platform, role)]
    assert len(requests) > 200
    refused = {
        f"{role}: {request.action} on {request.resource}: {decision.reason}"
        for role, request in requests
        if not (decision := decide(request, Policies(identity=[EVERYTHING], boundary=boundary))).allowed
    }
    assert not refused, "allow it in modules/guardrails/boundary.tf, or take it out of the role's policy"


def asked(platform: Platform, role: str) -> Iterator[Request]:
    """A request for each action and resource that a policy of the role names."""
    iam, arn = platform.client("iam"), f"arn:aws:iam::{ACCOUNT}:role/{role}"
    who = Principal(arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/x", account=ACCOUNT, role_arn=arn)
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        for statement in iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]:
            named = {key: value for keys in statement.get("Condition", {}).values() for key, value in keys.items()}
            keys = {key: value for key, value in named.items() if key in DECISIVE}
            for action in _listed(statement["Action"]):
                for resource in _listed(statement["Resource"]):
                    yield Request(who, action, resource, ACCOUNT, {"aws:RequestedRegion": region(resource), **keys})


def region(resource: str) -> str:
    """Where the request goes: a bucket's ARN does not say, and both regions are permitted."""
    return (resource.split(":")[3] if resource.count(":") > 4 else "") or "ap-south-1"


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
