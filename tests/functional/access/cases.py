"""Random requests and policies over few values, so that statements meet requests often."""

from __future__ import annotations

import random
from typing import Any

from kosha_access.evaluation import Policies, Principal, Request

ACCOUNT, OTHER = "111122223333", "999988887777"
LAKE = "arn:aws:s3:::lake"
KEY = f"arn:aws:kms:ap-south-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
OBJECT_ACTIONS = (
    "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectVersionTagging",
    "s3:DeleteObjectTagging", "s3:DeleteObject",
)  # fmt: skip
EXISTING = {
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
    "s3:DeleteObjectTagging",
}
REQUESTED = {"s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectVersionTagging"}
STRINGS = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase")
VALUES = ("alpha", "beta", "alphabet", "Alpha")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/researcher"
PRINCIPALS = (
    Principal(arn=f"arn:aws:iam::{ACCOUNT}:user/asha", account=ACCOUNT, tags={"project": "alpha"}),
    Principal(arn=f"arn:aws:iam::{ACCOUNT}:user/ravi", account=ACCOUNT),
    Principal(
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/researcher/asha", account=ACCOUNT, role_arn=ROLE,
        tags={"project": "beta", "site": "alpha"},
    ),
    Principal(arn=f"arn:aws:iam::{OTHER}:user/eve", account=OTHER, tags={"project": "alpha"}),
)  # fmt: skip


class Cases:
    """A stream of cases from a seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def one(self) -> tuple[Request, Policies]:
        """A request and the policies it meets."""
        pick = self._chance
        request = self._request()
        is_key = request.action.startswith("kms:")
        of_resource = self._policy(request, names=True)
        policies = Policies(
            identity=[self._policy(request) for _ in range(pick.randint(0, 2))],
            resource=of_resource if is_key or pick.random() < 0.5 else None,
            boundary=self._guard(request),
            session=self._guard(request) if request.principal.role_arn else None,
            control=[self._policy(request, wide=True)] if pick.random() < 0.2 else [],
            resource_decides=is_key,
        )
        return request, policies

    def _request(self) -> Request:
        pick = self._chance
        who = pick.choice(PRINCIPALS)
        keys: dict[str, Any] = {"aws:SecureTransport": pick.choice(["true", "false"])}
        if pick.random() < 0.15:
            return Request(who, pick.choice(["kms:Decrypt", "kms:GenerateDataKey"]), KEY, ACCOUNT, keys)
        if pick.random() < 0.1:
            if pick.random() < 0.7:
                keys["s3:prefix"] = pick.choice(VALUES)
            return Request(who, "s3:ListBucket", LAKE, ACCOUNT, keys)
        action = pick.choice(OBJECT_ACTIONS)
        for tag in ("project", "site"):
            if action in EXISTING and pick.random() < 0.6:
                keys[f"s3:ExistingObjectTag/{tag}"] = pick.choice(VALUES)
            if action in REQUESTED and pick.random() < 0.5:
                keys[f"s3:RequestObjectTag/{tag}"] = pick.choice(VALUES)
        if action in REQUESTED and pick.random() < 0.6:
            keys["s3:RequestObjectTagKeys"] = pick.sample(["project", "site", "owner"], pick.randint(1, 3))
        if pick.random() < 0.5:
            keys["aws:SourceIp"] = pick.choice(["203.0.113.7", "198.51.100.7"])
        return Request(who, action, f"{LAKE}/{pick.choice(['raw', 'calls'])}/{pick.choice(VALUES)}/x", ACCOUNT, keys)

    def _guard(self, request: Request) -> dict[str, Any] | None:
        return self._policy(request, wide=True) if self._chance.random() < 0.3 else None

    def _policy(self, request: Request, names: bool = False, wide: bool = False) -> dict[str, Any]:
        listed = [self._statement(request, names) for _ in range(self._chance.randint(1, 3))]
        if wide and self._chance.random() < 0.7:
            listed.append({"Effect": "Allow", "Action": "*", "Resource": "*"})
        return {"Version": "2012-10-17", "Statement": listed}

    def _statement(self, request: Request, names: bool) -> dict[str, Any]:
        pick = self._chance
        statement: dict[str, Any] = {"Effect": "Deny" if pick.random() < 0.25 else "Allow"}
        if names:
            statement["Principal"] = self._who(request)
        family = request.action.partition(":")[0]
        actions = pick.choice(
            [request.action, f"{family}:*", f"{family}:Get*", [request.action, f"{family}:Put*"], "*"]
        )
        statement["NotAction" if pick.random() < 0.1 else "Action"] = actions
        bucket = request.resource.split("/")[0]
        resource = pick.choice(
            ["*", request.resource, f"{bucket}/*", bucket, f"{LAKE}/raw/${{aws:PrincipalTag/project}}/*"]
        )
        if family == "kms":
            resource = "*"
        statement["Resource"] = resource
        conditions: dict[str, dict[str, Any]] = {}
        for _ in range(pick.choice([0, 0, 1, 1, 2])):
            operator, key, wanted = self._condition(request)
            conditions.setdefault(operator, {})[key] = wanted
        if conditions:
            statement["Condition"] = conditions
        return statement

    def _who(self, request: Request) -> Any:
        who, pick = request.principal, self._chance
        # What a session policy does to a session that the policy of a key names is another place where they differ.
        session = who.arn if not request.action.startswith("kms:") else who.role_arn or who.arn
        return pick.choice(
            [
                "*", {"AWS": "*"}, {"AWS": session}, {"AWS": who.role_arn or who.arn},
                {"AWS": f"arn:aws:iam::{who.account}:root"}, {"AWS": OTHER}, {"AWS": [ROLE, PRINCIPALS[0].arn]},
            ]
        )  # fmt: skip

    def _condition(self, request: Request) -> tuple[str, str, Any]:
        pick = self._chance
        kind = pick.choice(["tag", "tag", "tag", "null", "keys", "tls", "ip", "who"])
        if request.action.startswith("kms:") or request.action == "s3:ListBucket":
            kind = pick.choice(["tls", "who"])
        exists = "IfExists" if pick.random() < 0.2 else ""
        if kind == "tag":
            plane = pick.choice(["s3:ExistingObjectTag", "s3:RequestObjectTag", "aws:PrincipalTag"])
            operator = pick.choice(
                ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"]
            )
            wanted = pick.choice([pick.choice(VALUES), list(VALUES[:2]), "alpha*", "*"])
            # A variable without a value under a negated operator is where simulators differ; our policies have none.
            if operator == "StringEquals" and pick.random() < 0.4:
                wanted = "${aws:PrincipalTag/project}"
            return f"{operator}{exists}", f"{plane}/{pick.choice(['project', 'site'])}", wanted
        if kind == "null":
            plane = pick.choice(
                ["s3:ExistingObjectTag/project", "s3:RequestObjectTag/site", "aws:PrincipalTag/project"]
            )
            return "Null", plane, pick.choice(["true", "false"])
        if kind == "keys":
            quantifier = pick.choice(["ForAllValues", "ForAnyValue"])
            operator = pick.choice(["StringEquals", "StringNotEquals", "StringLike"])
            wanted = pick.sample(["project", "site", "own*"], pick.randint(1, 2))
            return f"{quantifier}:{operator}", "s3:RequestObjectTagKeys", wanted
        if kind == "tls":
            return f"Bool{exists}", "aws:SecureTransport", pick.choice(["true", "false"])
        if kind == "ip":
            return f"{pick.choice(['IpAddress', 'NotIpAddress'])}{exists}", "aws:SourceIp", "203.0.113.0/24"
        operator = pick.choice(["ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals", "StringLike"])
        return operator, "aws:PrincipalArn", pick.choice([ROLE, f"arn:aws:iam::{ACCOUNT}:*", PRINCIPALS[0].arn])
