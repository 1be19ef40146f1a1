"""Roles: whom they trust, and under which conditions."""

from __future__ import annotations

from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

from policy.checks.values import listed, service_principals, statements

# Services of which AWS documents no source in the request for a role, so that a condition would keep them out. They
# take roles of their own account only, because to pass one takes iam:PassRole there.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
WITHOUT_SOURCE = {"backup.amazonaws.com", "ec2.amazonaws.com", "lambda.amazonaws.com", "s3.amazonaws.com"}
SOURCE = {"aws:sourceaccount", "aws:sourcearn"}
EQUALS = {"stringequals", "arnequals"}
LIKE = {"stringlike", "arnlike"}

# https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
POD_IDENTITY = "pods.eks.amazonaws.com"
POD_TAGS = {
    "aws:requesttag/eks-cluster-arn",
    "aws:requesttag/kubernetes-namespace",
    "aws:requesttag/kubernetes-service-account",
}


def demanded(statement: dict[str, Any]) -> set[str]:
    """The condition keys, in lower case, for which a statement demands certain values. A star alone is no demand."""
    found = set()
    for operator, tests in (statement.get("Condition") or {}).items():
        for key, value in tests.items():
            is_pattern = operator.lower() in LIKE and "*" not in listed(value)
            if operator.lower() in EQUALS or is_pattern:
                found.add(key.lower())
    return found


class TrustCheck(BaseResourceCheck):
    """Each statement of a role's trust policy must be good."""

    def __init__(self, name: str, id: str) -> None:
        super().__init__(name=name, id=id, categories=[CheckCategories.IAM], supported_resources=["aws_iam_role"])

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        found = statements(conf, "assume_role_policy")
        if found is None:
            return CheckResult.UNKNOWN
        return CheckResult.PASSED if all(map(self.is_good, found)) else CheckResult.FAILED

    def is_good(self, statement: dict[str, Any]) -> bool:
        raise NotImplementedError


class TrustNamesItsSource(TrustCheck):
    """A service acts for whoever asks it; without a source it may be asked by another account (the confused deputy).

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """

    def is_good(self, statement: dict[str, Any]) -> bool:
        return not set(service_principals(statement)) - WITHOUT_SOURCE or bool(demanded(statement) & SOURCE)


class PodIdentityNamesItsServiceAccount(TrustCheck):
    """Whoever may make associations could otherwise give the role to any pod."""

    def is_good(self, statement: dict[str, Any]) -> bool:
        return POD_IDENTITY not in service_principals(statement) or demanded(statement) >= POD_TAGS


trust = TrustNamesItsSource(name="Trust in a service names the account or the resource it acts for", id="CKV_KOSHA_7")
pod_identity = PodIdentityNamesItsServiceAccount(
    name="Trust in Pod Identity names cluster, namespace and service account", id="CKV_KOSHA_8"
)
