"""The policies that decide, as they were rendered: out of the plans' JSON, never out of copies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kosha_access.conditions import like
from kosha_access.evaluation import Document, listed, statements

from scripts.plan_values import in_modules
from scripts.talk import UserError


@dataclass(frozen=True)
class Role:
    """A role of the platform; ``name`` is without the prefix, and ``unknown`` counts policies a plan does not show."""

    name: str
    policies: tuple[Document, ...]
    trust: Document | None = None
    boundary: Document | None = None
    unknown: int = 0


@dataclass(frozen=True)
class Side:
    """The lake in one region."""

    bucket: str
    region: str
    policy: Document
    key_arn: str = ""
    key_policy: Document | None = None

    def object_arn(self, key: str) -> str:
        """Of an object of the lake."""
        return f"arn:aws:s3:::{self.bucket}/{key}"


@dataclass(frozen=True)
class Documents:
    """All that decides about the lake: both its sides, and the roles of people and of the platform."""

    account: str
    prefix: str
    sides: tuple[Side, Side]
    roles: Mapping[str, Role]
    vpc_ids: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()

    def role_arn(self, name: str) -> str:
        """Of a role by its name without the prefix."""
        return f"arn:aws:iam::{self.account}:role/{self.prefix}-{name}"


def about(documents: Iterable[Document], action: str) -> tuple[Document, ...]:
    """The same policies without the statements that name other actions: they could not match, and take time."""
    kept = []
    for document in documents:
        found = [each for each in statements(document) if _names(each, action)]
        if found:
            kept.append({**document, "Statement": found})
    return tuple(kept)


def _names(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return True
    return any(like(pattern.lower(), action.lower()) for pattern in listed(statement["Action"]))


def from_plans(files: Mapping[str, Path]) -> Documents:
    """Of the environment whose plans are root -> file.

    Raises :class:`~scripts.talk.UserError` where a plan does not show what must be decided by.
    """
    plans = {root: json.loads(path.read_text(encoding="utf-8")) for root, path in files.items()}
    resources = [
        each
        for plan in plans.values()
        for each in in_modules(plan["planned_values"]["root_module"])
        if each["mode"] == "managed"
    ]
    attached = [each for plan in plans.values() for each in _attached(plan)]
    values = plans["20-storage"]["variables"]
    prefix = f"{values['organisation']['value']}-{values['environment']['value']}"
    foundation = _handoff(plans["20-storage"], "10-foundation")
    account = foundation["key_arns"]["lake"].split(":")[4]
    keys = _key_policies(resources)
    sides = tuple(
        Side(
            bucket=f"{prefix}-lake-{region}",
            region=region,
            policy=_policy(resources, "aws_s3_bucket_policy", "bucket", f"{prefix}-lake-{region}"),
            key_arn=arns["lake"],
            key_policy=keys.get((side, "lake")),
        )
        for side, region, arns in (
            ("primary", values["region"]["value"], foundation["key_arns"]),
            ("recovery", values["recovery_region"]["value"], foundation["recovery_key_arns"]),
        )
    )
    return Documents(
        account=account,
        prefix=prefix,
        sides=(sides[0], sides[1]),
        roles={role.name: role for role in _roles(resources, prefix, attached)},
        vpc_ids=(foundation["vpc_id"],),
        networks=tuple(values.get("institution_networks", {}).get("value") or ()),
    )


def _handoff(plan: Mapping[str, Any], root: str) -> dict[str, Any]:
    for each in plan["prior_state"]["values"]["root_module"]["resources"]:
        if each["type"] == "aws_ssm_parameter" and each["values"]["name"].endswith(f"/{root}"):
            document: dict[str, Any] = json.loads(each["values"]["insecure_value"])
            return document
    raise UserError(f"the plan of 20-storage reads no handoff of {root}: make the plans again (make policy)")


def _policy(resources: Sequence[Mapping[str, Any]], kind: str, named: str, name: str) -> Document:
    for each in resources:
        if each["type"] == kind and each["values"].get(named) == name:
            text = each["values"].get("policy")
            if text is None:
                raise UserError(
                    f"the plan does not show the policy of {name}: something in it is known only after apply; "
                    "make it of names (modules/bucket/policy.tf)"
                )
            document: Document = json.loads(text)
            return document
    raise UserError(f"no plan makes {kind} of {name}")


def _key_policies(resources: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Document]:
    kinds = {"aws_kms_key": "primary", "aws_kms_replica_key": "recovery"}
    return {
        (kinds[each["type"]], each["index"]): json.loads(each["values"]["policy"])
        for each in resources
        if each["type"] in kinds and ".keys." in f".{each['address']}" and each["values"].get("policy")
    }


def _attached(plan: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """(role, policy) of the policies that a plan makes and attaches to roles that it makes, too.

    A plan knows no ARN of what it makes: attachment and policy bear the same name in the configuration. What the
    standby attaches to roles that are there is not of the platform (tests/policy/test_standby.py).
    """
    made = [each for each in in_modules(plan["planned_values"]["root_module"]) if each["mode"] == "managed"]
    roles = {each["values"]["name"] for each in made if each["type"] == "aws_iam_role"}
    policies = {each["address"]: each["values"].get("policy") for each in made if each["type"] == "aws_iam_policy"}
    for each in made:
        if each["type"] == "aws_iam_role_policy_attachment" and each["values"].get("role") in roles:
            policy = each["address"].replace("aws_iam_role_policy_attachment.", "aws_iam_policy.")
            if policy in policies:
                yield each["values"]["role"], policies[policy]


def _roles(
    resources: Sequence[Mapping[str, Any]], prefix: str, attached: Iterable[tuple[str, str | None]]
) -> Iterator[Role]:
    inline: dict[str, list[str | None]] = {}
    for role, policy in attached:
        inline.setdefault(role, []).append(policy)
    for each in resources:
        if each["type"] == "aws_iam_role_policy":
            inline.setdefault(each["values"].get("role", ""), []).append(each["values"].get("policy"))
    boundary = _policy(resources, "aws_iam_policy", "name", f"{prefix}-boundary")
    for each in resources:
        if each["type"] != "aws_iam_role":
            continue
        values = each["values"]
        found = inline.get(values["name"], [])
        trust = values.get("assume_role_policy")
        yield Role(
            name=values["name"].removeprefix(f"{prefix}-"),
            policies=tuple(json.loads(text) for text in found if text is not None),
            trust=json.loads(trust) if trust else None,
            boundary=boundary if values.get("permissions_boundary") else None,
            unknown=found.count(None),
        )
