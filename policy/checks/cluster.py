"""The cluster: who administers it."""

from __future__ import annotations

import re
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

from policy.checks.values import block, first, listed

# https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
OF_A_NAMESPACE = {"AmazonEKSViewPolicy", "AmazonEKSEditPolicy"}
OF_THE_CLUSTER = {"AmazonEKSClusterAdminPolicy"}


class AccessIsByEntriesAlone(BaseResourceCheck):
    """A creator with rights of his own, and a config map inside the cluster, appear in no plan."""

    def __init__(self) -> None:
        super().__init__(
            name="EKS gives rights by access entries alone, and none to who made the cluster",
            id="CKV_KOSHA_12",
            categories=[CheckCategories.IAM],
            supported_resources=["aws_eks_cluster"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        access = block(conf, "access_config")
        good = (
            first(access, "authentication_mode") == "API"
            and first(access, "bootstrap_cluster_creator_admin_permissions") is False
        )
        return CheckResult.PASSED if good else CheckResult.FAILED


class OnlyAdministratorsAdminister(BaseResourceCheck):
    """Who works in namespaces (a researcher) reads or edits there; the cluster as a whole is for who administers it."""

    def __init__(self) -> None:
        super().__init__(
            name="EKS access entry of a namespace never administers, and one of the cluster names no namespace",
            id="CKV_KOSHA_13",
            categories=[CheckCategories.IAM],
            supported_resources=["aws_eks_access_policy_association"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        arn, scope = first(conf, "policy_arn"), block(conf, "access_scope")
        kind, namespaces = first(scope, "type"), [each for each in listed(first(scope, "namespaces")) if each]
        policy = re.fullmatch(r"arn:[a-z-]+:eks::aws:cluster-access-policy/(\w+)", str(arn))
        if not policy or kind not in ("cluster", "namespace"):
            return CheckResult.UNKNOWN
        allowed, has_namespaces = (OF_A_NAMESPACE, True) if kind == "namespace" else (OF_THE_CLUSTER, False)
        good = policy[1] in allowed and bool(namespaces) is has_namespaces
        return CheckResult.PASSED if good else CheckResult.FAILED


access = AccessIsByEntriesAlone()
administrators = OnlyAdministratorsAdminister()
