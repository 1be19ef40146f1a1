"""Residency and principals over small plans: what lies elsewhere or lets others in is found, what does not is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripts.guardrails.documents import Kind, Policy, Resource, completed, handed_on, policies, resources
from scripts.guardrails.residency import findings, permitted_regions, provider_findings

HERE = ["ap-south-1", "ap-south-2"]
ACCOUNT, STRANGER = "111122223333", "999988887777"


def complaints(values: dict[str, Any], kind: str = "aws_thing") -> list[str]:
    return list(findings([Resource("x", kind, values)], HERE, ACCOUNT))


def policy(**statement: Any) -> dict[str, Any]:
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})}


def test_the_permitted_regions_are_the_catalogue_s() -> None:
    assert permitted_regions() == HERE


@pytest.mark.parametrize(
    "values",
    [
        {"availability_zone": "ap-south-1a"},
        {"log_destination": f"arn:aws:logs:ap-south-2:{ACCOUNT}:log-group:x"},
        {"bucket": "kosha-local-lake-ap-south-1"},
        {"endpoint": "https://sqs.ap-south-1.amazonaws.com/q"},
        {"endpoint": "custodians@institute.example"},
        {"arn": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"},
        {"arn": f"arn:aws:iam::{ACCOUNT}:role/x", "other": "arn:aws:s3:::kosha-local-lake-ap-south-1/*"},
        {"name": "us-and-them-1", "email": "east-1@eu-west.example"},
        policy(Principal={"Service": "sns.amazonaws.com"}, Action="kms:Decrypt", Resource="*"),
        policy(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Action="kms:Decrypt", Resource="*"),
    ],
)
def test_what_lies_here_is_fine(values: dict[str, Any]) -> None:
    assert not complaints(values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"availability_zone": "us-east-1a"}, "us-east-1 is not in catalog/residency.yaml"),
        ({"log_destination": f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:x"}, "eu-west-1 is not"),
        ({"bucket": "kosha-local-lake-ap-southeast-1"}, "ap-southeast-1 is not"),
        ({"rule": [{"destination": [{"bucket": "arn:aws:s3:::replica-us-gov-west-1"}]}]}, "us-gov-west-1 is not"),
        ({"copy_action": [{"destination": f"arn:aws:backup:me-central-1:{ACCOUNT}:x"}]}, "me-central-1 is not"),
        ({"endpoint": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"}, "us-east-1 is not"),
        ({"endpoint": "https://sqs.us-east-1.amazonaws.com/q"}, "us-east-1 is not"),
        ({"endpoint": "https://s3.amazonaws.com/b"}, "the host has no region"),
        ({"topic_arn": f"arn:aws:sns::{ACCOUNT}:t"}, "the ARN has no region"),
        (policy(Action="ec2:RunInstances", Resource=f"arn:aws:ec2:*:{ACCOUNT}:instance/*"), "of any region"),
        (policy(Action="ec2:RunInstances", Resource="arn:aws:ec2:ap-south-1:*:instance/*"), "of any account"),
        (policy(Action="sts:AssumeRole", Resource=f"arn:aws:iam::{STRANGER}:role/x"), "another account's"),
        ({"endpoint": f"arn:aws:lambda:ap-south-1:{STRANGER}:function:f"}, "another account's"),
        (policy(Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, Action="s3:GetObject"), "eu-west-1"),
        (policy(Principal={"AWS": f"arn:aws:iam::{STRANGER}:root"}, Action="s3:GetObject"), "another account's"),
        (policy(Principal={"AWS": [ACCOUNT, STRANGER]}, Action="s3:GetObject"), f"lets in the account {STRANGER}"),
        (policy(Principal="*", Action="s3:GetObject", Resource="*"), "lets in anybody"),
        (policy(Principal={"AWS": ["*"]}, Action="s3:GetObject", Resource="*"), "lets in anybody"),
        (policy(NotPrincipal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/x"}, Action="s3:GetObject"), "everybody but some"),
    ],
)  # fmt: skip
def test_what_lies_elsewhere_or_lets_others_in_is_found(values: dict[str, Any], said: str) -> None:
    assert any(said in complaint for complaint in complaints(values)), complaints(values)


def test_a_refusal_may_be_of_everything() -> None:
    refusal = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": f"arn:aws:s3:*:{ACCOUNT}:job/*"}
    assert not complaints({"policy": json.dumps({"Statement": [refusal]})})
    assert complaints({"policy": json.dumps({"Statement": [{**refusal, "Effect": "Allow"}]})})


def test_an_endpoint_s_policy_lets_through_what_belongs_to_the_account_or_is_named() -> None:
    def endpoint(**statement: Any) -> list[str]:
        return complaints(policy(Principal="*", Action="s3:*", **statement), "aws_vpc_endpoint")

    assert not endpoint(Resource="*", Condition={"StringEquals": {"aws:ResourceAccount": ACCOUNT}})
    assert not endpoint(Resource=["arn:aws:s3:::packages-of-the-system/*"])
    assert endpoint(Resource="*")
    assert endpoint(Resource="*", Condition={"StringEquals": {"aws:ResourceAccount": [ACCOUNT, STRANGER]}})


@pytest.mark.parametrize(
    ("region", "fine"),
    [
        ({"references": ["module.naming.region", "module.naming"]}, True),
        ({"constant_value": "ap-south-2"}, True),
        ({"constant_value": "us-east-1"}, False),
        ({"references": ["var.region"]}, False),
        ({}, False),
    ],
)
def test_a_provider_s_region_is_validated(region: dict[str, Any], fine: bool) -> None:
    provider = {"name": "aws", "expressions": {"region": region}}
    plan = {"configuration": {"provider_config": {"aws.recovery": provider, "terraform": {"name": "terraform"}}}}
    assert (not list(provider_findings(plan, HERE))) == fine


# ------------------------------------------------------------------------------------------------------------ documents

DOCUMENT = {"Statement": [{"Effect": "Allow"}]}
TEXT = json.dumps(DOCUMENT)
STATE = {
    "root_module": {
        "resources": [{"address": "data.x.y", "type": "x", "mode": "data", "values": {"policy": TEXT}}],
        "child_modules": [
            {"resources": [{"address": "module.m.r", "type": "aws_iam_role", "values": {"assume_role_policy": TEXT}}]}
        ],
    }
}
PLAN = {
    "resource_changes": [
        {"address": "a", "type": "aws_iam_policy", "change": {"after": {"name": "x-boundary", "policy": TEXT}}},
        {"address": "b", "type": "aws_iam_role_policy", "change": {"after": {"policy": TEXT}}},
        {"address": "c", "type": "aws_kms_key", "change": {"after": {"policy": TEXT, "description": "{not JSON"}}},
        {"address": "d", "type": "aws_organizations_policy", "change": {"after": {"content": TEXT}}},
        {"address": "e", "type": "aws_kms_key", "change": {"after": None}},
        {"address": "data.f", "type": "aws_x", "mode": "data", "change": {"after": {"policy": TEXT}}},
    ]
}


def test_policies_are_found_in_states_and_plans() -> None:
    assert [(each.address, each.kind) for each in policies(resources(STATE))] == [("module.m.r", Kind.TRUST)]
    assert [(each.address, each.kind) for each in policies(resources(PLAN))] == [
        ("a", Kind.BOUNDARY),
        ("b", Kind.IDENTITY),
        ("c", Kind.RESOURCE),
        ("d", Kind.CONTROL),
    ]


def test_outputs_that_are_policies_are_found() -> None:
    plan = {
        "planned_values": {"outputs": {"a": {"value": TEXT}, "b": {"value": "10.0.0.1"}, "c": {"sensitive": False}}}
    }
    assert [(each.address, each.kind) for each in handed_on(plan)] == [("output.a", Kind.CONTROL)]


def test_what_a_plan_leaves_open_comes_from_the_test() -> None:
    other: dict[str, Any] = {"Statement": []}
    planned = [Policy("a", Kind.RESOURCE, DOCUMENT)]
    tested = [Policy("a", Kind.RESOURCE, other), Policy("a", Kind.TRUST, other), Policy("b", Kind.RESOURCE, other)]
    assert completed(planned, tested) == [*planned, *tested[1:]]
