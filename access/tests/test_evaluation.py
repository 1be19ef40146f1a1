"""Decisions over all kinds of policies, after IAM's documentation of the evaluation logic."""

from __future__ import annotations

from typing import Any

import pytest
from kosha_access.conditions import PolicyError
from kosha_access.evaluation import Decision, Policies, Principal, Request, decide

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/researcher"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/researcher/asha"
USER = Principal(arn=f"arn:aws:iam::{ACCOUNT}:user/asha", account=ACCOUNT)
RESEARCHER = Principal(arn=SESSION, account=ACCOUNT, role_arn=ROLE, tags={"project": "alpha"})
FOREIGNER = Principal(arn="arn:aws:iam::999988887777:user/eve", account="999988887777")
OBJECT = "arn:aws:s3:::lake/raw/alpha/x"


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: object = "s3:GetObject", resource: object = "*", **more: Any) -> dict[str, Any]:
    return {"Sid": "Yes", "Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: object = "s3:*", resource: object = "*", **more: Any) -> dict[str, Any]:
    return {"Sid": "No", "Effect": "Deny", "Action": action, "Resource": resource, **more}


def asked(who: Principal = USER, action: str = "s3:GetObject", resource: str = OBJECT, **keys: Any) -> Request:
    return Request(who, action, resource, ACCOUNT, keys)


def test_nothing_allows_and_one_deny_is_enough() -> None:
    assert decide(asked(), Policies()) == Decision(False, "no identity policy allows it")
    yes = Policies(identity=[policy(allow())])
    assert decide(asked(), yes) == Decision(True, "allowed by identity policy: Yes")
    for kind in ("boundary", "session", "resource"):
        no = policy(allow("*", Principal="*"), deny(Principal="*"))
        assert decide(asked(), Policies(identity=[policy(allow())], **{kind: no})).reason.endswith("policy: No")  # type: ignore[arg-type]
    assert not decide(asked(), Policies(identity=[policy(allow())], control=[policy(allow("*"), deny())])).allowed


def test_every_guard_must_allow_too() -> None:
    yes, other = policy(allow()), policy(allow("ec2:*"))
    assert decide(asked(), Policies(identity=[yes], boundary=yes, session=yes, control=[yes, yes])).allowed
    assert "boundary" in decide(asked(), Policies(identity=[yes], boundary=other)).reason
    assert "session" in decide(asked(), Policies(identity=[yes], session=other)).reason
    assert "service control" in decide(asked(), Policies(identity=[yes], control=[yes, other])).reason


@pytest.mark.parametrize(
    ("principal", "boundary_holds"),
    [
        ({"AWS": SESSION}, False),
        ({"AWS": ROLE}, True),
        ("*", False),
        ({"AWS": "*"}, False),
    ],
)
def test_a_resources_policy_allows_in_its_account_and_only_names_pass_boundaries(
    principal: object, boundary_holds: bool
) -> None:
    resource = policy(allow(Principal=principal))
    assert decide(asked(RESEARCHER), Policies(resource=resource)).allowed
    other = policy(allow("ec2:*"))
    assert decide(asked(RESEARCHER), Policies(resource=resource, boundary=other)).allowed is not boundary_holds
    passes_session = principal == {"AWS": SESSION}
    assert decide(asked(RESEARCHER), Policies(resource=resource, session=other)).allowed is passes_session


@pytest.mark.parametrize("account", [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"])
def test_to_name_the_account_only_hands_the_decision_to_its_policies(account: str) -> None:
    resource = policy(allow(Principal={"AWS": account}))
    assert not decide(asked(), Policies(resource=resource)).allowed
    assert decide(asked(), Policies(resource=resource, identity=[policy(allow())])).allowed


def test_across_accounts_both_must_allow() -> None:
    yes = policy(allow())
    named = policy(allow(Principal={"AWS": FOREIGNER.arn}))
    whole = policy(allow(Principal={"AWS": FOREIGNER.account}))
    assert "another account" in decide(asked(FOREIGNER), Policies(identity=[yes])).reason
    assert not decide(asked(FOREIGNER), Policies(resource=named)).allowed
    assert decide(asked(FOREIGNER), Policies(identity=[yes], resource=named)).allowed
    assert decide(asked(FOREIGNER), Policies(identity=[yes], resource=whole)).allowed


def test_a_key_belongs_to_its_policy() -> None:
    def may(key_policy: dict[str, Any], *identity: dict[str, Any]) -> bool:
        request = asked(RESEARCHER, "kms:Decrypt", f"arn:aws:kms:ap-south-1:{ACCOUNT}:key/k")
        return decide(request, Policies(identity=identity, resource=key_policy, resource_decides=True)).allowed

    wide = policy(allow("kms:*"))
    account = policy(allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    assert not may(policy(allow("kms:Encrypt", Principal={"AWS": ROLE})), wide)
    assert not may(account)
    assert may(account, wide)
    assert may(policy(allow("kms:Decrypt", Principal={"AWS": ROLE})))


def test_services_and_the_anonymous_are_allowed_by_the_resource_alone() -> None:
    service = Principal(service="logging.s3.amazonaws.com")
    resource = policy(
        allow("s3:PutObject", Principal={"Service": "logging.s3.amazonaws.com"},
              Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})
    )  # fmt: skip
    put = asked(service, "s3:PutObject", **{"aws:SourceAccount": ACCOUNT})
    assert decide(put, Policies(resource=resource)).allowed
    assert not decide(asked(service, "s3:PutObject"), Policies(resource=resource)).allowed
    assert not decide(
        asked(Principal(service="sns.amazonaws.com"), "s3:PutObject"), Policies(resource=resource)
    ).allowed
    assert decide(asked(Principal()), Policies(resource=policy(allow(Principal="*")))).allowed
    assert not decide(asked(Principal()), Policies(resource=resource, identity=[policy(allow())])).allowed


def test_tags_of_who_asks_meet_tags_of_the_object() -> None:
    own = policy(
        allow(Condition={
            "StringEquals": {"s3:ExistingObjectTag/project": "${aws:PrincipalTag/project}"},
            "Null": {"aws:PrincipalTag/project": "false"},
        })
    )  # fmt: skip
    stranger = Principal(arn=SESSION, account=ACCOUNT, role_arn=ROLE)

    def may(who: Principal, **tags: str) -> bool:
        keys = {f"s3:ExistingObjectTag/{name}": value for name, value in tags.items()}
        return decide(asked(who, **keys), Policies(identity=[own])).allowed

    assert may(RESEARCHER, project="alpha")
    assert not may(RESEARCHER, project="beta")
    assert not may(RESEARCHER)
    assert not may(stranger, project="alpha")
    assert not may(stranger)


def test_elements_that_say_not() -> None:
    but_iam = Policies(identity=[policy({"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"})])
    assert decide(asked(), but_iam).allowed
    assert not decide(asked(action="iam:CreateUser"), but_iam).allowed
    elsewhere = Policies(identity=[policy({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::lake/*"})])
    assert not decide(asked(), elsewhere).allowed
    assert decide(asked(resource="arn:aws:s3:::other/x"), elsewhere).allowed
    others = policy({"Sid": "No", "Effect": "Deny", "NotPrincipal": {"AWS": USER.arn}, "Action": "*", "Resource": "*"})
    assert decide(asked(), Policies(identity=[policy(allow())], resource=others)).allowed
    assert not decide(asked(RESEARCHER), Policies(identity=[policy(allow())], resource=others)).allowed


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("s3:Get*", "s3:GetObjectVersion", True),
        ("S3:getobject", "s3:GetObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:*Tagging", "s3:PutObject", False),
        ("*", "kms:Decrypt", True),
    ],
)
def test_actions_ignore_case(pattern: str, action: str, expected: bool) -> None:
    assert decide(asked(action=action), Policies(identity=[policy(allow(pattern))])).allowed is expected


@pytest.mark.parametrize(
    ("pattern", "resource", "expected"),
    [
        ("arn:aws:s3:::lake/*", "arn:aws:s3:::lake/a/b:c", True),
        ("arn:aws:s3:::lake/*", "arn:aws:s3:::Lake/a", False),
        ("arn:aws:s3:::lake", "arn:aws:s3:::lake/a", False),
        ("arn:aws:sqs:*:*:q", "arn:aws:sqs:ap-south-1:1:q", True),
        ("arn:aws:sqs:*:q", "arn:aws:sqs:ap-south-1:1:q", False),
        ("arn:aws:s3:::lake/${aws:username}/*", "arn:aws:s3:::lake/asha/x", True),
        ("arn:aws:s3:::lake/${aws:PrincipalTag/none}/*", "arn:aws:s3:::lake//x", False),
    ],
)
def test_resources_part_by_part(pattern: str, resource: str, expected: bool) -> None:
    assert decide(asked(resource=resource), Policies(identity=[policy(allow(resource=pattern))])).allowed is expected


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "no Statement"),
        (policy({"Action": "*", "Resource": "*"}), "neither Allow nor Deny"),
        (policy({"Effect": "Allow", "Resource": "*"}), "there is no Action"),
        (policy({"Effect": "Allow", "Action": "*"}), "there is no Resource"),
    ],
)
def test_what_is_no_policy_is_refused(document: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        decide(asked(), Policies(identity=[document]))


def test_a_resources_policy_must_name_somebody() -> None:
    with pytest.raises(PolicyError, match="names no Principal"):
        decide(asked(), Policies(resource=policy(allow())))
