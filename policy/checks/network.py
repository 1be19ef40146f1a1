"""The network: what leaves it, and with whose credentials."""

from __future__ import annotations

from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

from policy.checks.values import first, statements

HTTPS = 443


class EndpointHasAPolicyOfItsOwn(BaseResourceCheck):
    """AWS's default lets any credentials do anything to any resource through an endpoint.

    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html#default-endpoint-policy
    """

    def __init__(self) -> None:
        super().__init__(
            name="VPC endpoint has a policy of its own, which says for whom or to what",
            id="CKV_KOSHA_10",
            categories=[CheckCategories.NETWORKING],
            supported_resources=["aws_vpc_endpoint"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        if not first(conf, "policy"):
            return CheckResult.FAILED
        found = statements(conf)
        if found is None:
            return CheckResult.UNKNOWN
        is_open = any(
            each["Effect"] == "Allow" and each.get("Resource") in ("*", ["*"]) and not each.get("Condition")
            for each in found
        )
        return CheckResult.FAILED if is_open else CheckResult.PASSED


class EgressIsHttpsAtMost(BaseResourceCheck):
    """To every address only HTTPS, and only with a description that says what for."""

    def __init__(self) -> None:
        super().__init__(
            name="Egress to every address is HTTPS alone, and says what for",
            id="CKV_KOSHA_11",
            categories=[CheckCategories.NETWORKING],
            supported_resources=["aws_vpc_security_group_egress_rule"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        if first(conf, "cidr_ipv4") != "0.0.0.0/0" and first(conf, "cidr_ipv6") != "::/0":
            return CheckResult.PASSED
        https = first(conf, "ip_protocol") == "tcp" and first(conf, "from_port") == first(conf, "to_port") == HTTPS
        return CheckResult.PASSED if https and first(conf, "description") else CheckResult.FAILED


endpoint = EndpointHasAPolicyOfItsOwn()
egress = EgressIsHttpsAtMost()
