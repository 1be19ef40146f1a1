"""Where things lie, and who is let in: over plans, and over what ``terraform test`` applies to its mock provider.

Nothing may name a region that catalog/residency.yaml does not permit: not an ARN (of a log destination, a replica, a
vault, a subscription), not a host, not a provider. Nothing may let in another account, or anybody. There are no
exceptions to write down, so there is no list of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import yaml

from policy.checks.values import listed
from scripts.guardrails.documents import Policy, Resource, parsed, policies
from scripts.paths import REPOSITORY

REGION = re.compile(
    r"(?<![a-z0-9])(?:af|ap|ca|cn|eu|eusc|il|me|mx|sa|us)(?:-gov|-iso[a-z]?|-de)?"
    r"-(?:north|south|east|west|central)(?:east|west)?-\d(?=[a-z]?(?![a-z0-9]))"
)
ARN = re.compile(r"arn:[a-z*-]+:(?P<service>[\w*-]+):(?P<region>[^:\s\"]*):(?P<account>[^:\s\"]*):")
HOST = re.compile(r"https?://(?P<host>[\w.*-]+\.amazonaws\.com)\b")

# Services whose ARNs have no region, because their names are the world's. The data of a bucket lie in the region of the
# provider that makes it; budgets and Cost Explorer are the account's and hold sums, no data of the platform.
WITHOUT_REGION = frozenset({"budgets", "ce", "iam", "organizations", "s3", "sts"})
# AWS's own, as in arn:aws:iam::aws:policy/...
AWS_ITSELF = "aws"


def permitted_regions() -> list[str]:
    """Those of catalog/residency.yaml."""
    catalog = yaml.safe_load((REPOSITORY / "catalog" / "residency.yaml").read_text(encoding="utf-8"))
    return sorted(catalog["regions"])


def findings(found: Sequence[Resource], permitted: Collection[str], account: str) -> Iterator[str]:
    """What lies elsewhere, or lets others in."""
    for resource in found:
        for text, refusing in _texts(resource.values):
            for complaint in _of_text(text, permitted, account, refusing):
                yield f"{resource.address}: {complaint}"
    types = {resource.address: resource.type for resource in found}
    for policy in policies(found):
        yield from _of_principals(policy, account, only_limits=types[policy.address] == "aws_vpc_endpoint")


def provider_findings(plan: Mapping[str, Any], permitted: Collection[str]) -> Iterator[str]:
    """Providers of AWS whose region is neither permitted nor validated by modules/naming."""
    for name, provider in plan["configuration"].get("provider_config", {}).items():
        if provider["name"] != "aws":
            continue
        region = provider.get("expressions", {}).get("region", {})
        validated = {"module.naming.region", "module.naming.recovery_region"} & set(region.get("references", []))
        if region.get("constant_value") not in permitted and not validated:
            yield f"provider {name}: its region is neither permitted nor an output of module.naming"


def _texts(value: object, refusing: bool = False) -> Iterator[tuple[str, bool]]:
    """Every text in a value, in documents of JSON too, and whether it stands in a statement that refuses."""
    value = parsed(value)
    if isinstance(value, str):
        yield value, refusing
    elif isinstance(value, Mapping):
        refusing = refusing or value.get("Effect") == "Deny"
        for key, inner in value.items():
            yield str(key), refusing
            yield from _texts(inner, refusing)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, refusing)


def _of_text(text: str, permitted: Collection[str], account: str, refusing: bool) -> Iterator[str]:
    for region in sorted(set(REGION.findall(text)) - set(permitted)):
        yield f"{region} is not in catalog/residency.yaml: {text[:200]}"
    for arn in ARN.finditer(text):
        service, region, owner = arn["service"], arn["region"], arn["account"]
        if not region and service not in WITHOUT_REGION:
            yield f"the ARN has no region: {text[:200]}"
        if "*" in region and not refusing:
            yield f"the ARN is of any region: {text[:200]}"
        if "*" in owner and not refusing:
            yield f"the ARN is of any account: {text[:200]}"
        elif owner not in ("", account, AWS_ITSELF) and "*" not in owner and "$" not in owner:
            yield f"the ARN is another account's: {text[:200]}"
    for host in HOST.finditer(text):
        if not REGION.search(host["host"]):
            yield f"the host has no region, so it may answer from anywhere: {host['host']}"


def _of_principals(policy: Policy, account: str, *, only_limits: bool) -> Iterator[str]:
    for statement in policy.statements():
        if statement["Effect"] != "Allow":
            continue
        place = f"{policy.address}: {statement.get('Sid', 'a statement')}"
        if "NotPrincipal" in statement:
            yield f"{place} lets in everybody but some: name who comes in"
        principal = statement.get("Principal", {})
        named = ["*"] if principal == "*" else listed(principal.get("AWS", []))
        for each in named:
            if each == "*" and not (only_limits and _is_narrow(statement, account)):
                yield f"{place} lets in anybody: name who comes in"
            elif re.fullmatch(r"\d{12}", each) and each != account:
                yield f"{place} lets in the account {each}"


def _is_narrow(statement: Mapping[str, Any], account: str) -> bool:
    """An endpoint's policy gives no right, it only limits what goes through: to this account, or to named resources."""
    equals = statement.get("Condition", {}).get("StringEquals", {})
    ours = any(listed(equals.get(key, [])) == [account] for key in ("aws:ResourceAccount", "aws:PrincipalAccount"))
    return ours or "*" not in listed(statement.get("Resource", "*"))
