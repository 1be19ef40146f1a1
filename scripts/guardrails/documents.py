"""The policies in plans, and in what ``terraform test`` applies to its mock provider.

A plan does not know a policy that names the ARN of something new: of most buckets, keys and log groups. The mock
provider does, so a document that a plan leaves open comes from the root's first test.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from policy.checks.values import listed
from scripts.plan_values import in_modules

Values = Mapping[str, Any]


class Kind(StrEnum):
    """What a policy does where it stands."""

    TRUST = "trust"
    IDENTITY = "identity"
    RESOURCE = "resource"
    BOUNDARY = "boundary"
    CONTROL = "service control"


@dataclass(frozen=True)
class Resource:
    """A resource of Terraform's as a plan or a state has it."""

    address: str
    type: str
    values: Values


@dataclass(frozen=True)
class Policy:
    """A policy document, and where it stands."""

    address: str
    kind: Kind
    document: Mapping[str, Any]

    def statements(self) -> Iterator[Mapping[str, Any]]:
        yield from listed(self.document["Statement"])


def resources(found: Mapping[str, Any]) -> list[Resource]:
    """Those of a plan (``terraform show -json``, ``test_plan``) or of a state (``test_state``), without data sources.

    https://developer.hashicorp.com/terraform/internals/json-format
    """
    if "resource_changes" in found:
        changes = [each for each in found["resource_changes"] if each.get("mode") != "data"]
        return [Resource(each["address"], each["type"], each["change"].get("after") or {}) for each in changes]
    return [
        Resource(each["address"], each["type"], each["values"])
        for each in in_modules(found["root_module"])
        if each.get("mode") != "data"
    ]


def policies(found: Iterable[Resource]) -> Iterator[Policy]:
    """Every attribute that is a policy."""
    for resource in found:
        for attribute, value in resource.values.items():
            document = parsed(value)
            if isinstance(document, dict) and "Statement" in document:
                yield Policy(resource.address, _kind(resource, attribute), document)


def handed_on(plan: Mapping[str, Any]) -> Iterator[Policy]:
    """Outputs of a root that are policies: for the organisation, which Terraform does not rule here."""
    for name, output in plan.get("planned_values", {}).get("outputs", {}).items():
        document = parsed(output.get("value"))
        if isinstance(document, dict) and "Statement" in document:
            yield Policy(f"output.{name}", Kind.CONTROL, document)


def parsed(value: object) -> object:
    """A text that is JSON, as what it says; everything else as it is."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _kind(resource: Resource, attribute: str) -> Kind:
    if attribute == "assume_role_policy":
        return Kind.TRUST
    if resource.type == "aws_organizations_policy":
        return Kind.CONTROL
    if resource.type == "aws_iam_policy" and resource.values["name"].endswith("-boundary"):
        return Kind.BOUNDARY
    return Kind.IDENTITY if resource.type in ("aws_iam_policy", "aws_iam_role_policy") else Kind.RESOURCE


def completed(planned: Iterable[Policy], tested: Iterable[Policy]) -> list[Policy]:
    """What the plan knows, and from the test what it leaves open."""
    known = list(planned)
    places = {(each.address, each.kind) for each in known}
    return known + [each for each in tested if (each.address, each.kind) not in places]
