"""The shared file system: who may mount it, and how."""

from __future__ import annotations

from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

from policy.checks.values import first, listed, principals, statements

CLIENT_ACTIONS = {
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientWrite",
    "elasticfilesystem:ClientRootAccess",
}
NFS = 2049


class FileSystemPolicyNamesItsClients(BaseResourceCheck):
    """Named roles only, real actions only, and a refusal of every client without TLS."""

    def __init__(self) -> None:
        super().__init__(
            name="EFS policy admits named roles only and refuses clients without TLS",
            id="CKV_KOSHA_1",
            categories=[CheckCategories.IAM],
            supported_resources=["aws_efs_file_system_policy"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        found = statements(conf)
        if found is None:
            return CheckResult.UNKNOWN
        refuses_plaintext = False
        for statement in found:
            if statement["Effect"] == "Allow":
                if "*" in principals(statement) or not set(listed(statement["Action"])) <= CLIENT_ACTIONS:
                    return CheckResult.FAILED
            else:
                condition = statement.get("Condition", {})
                tests = condition.get("Bool", {}) | condition.get("BoolIfExists", {})
                refuses_plaintext |= str(tests.get("aws:SecureTransport", "")).lower() == "false"
        return CheckResult.PASSED if refuses_plaintext else CheckResult.FAILED


class NfsIsNotOpenToTheWorld(BaseResourceCheck):
    """No ingress rule admits NFS from every address."""

    def __init__(self) -> None:
        super().__init__(
            name="NFS is never admitted from every address",
            id="CKV_KOSHA_2",
            categories=[CheckCategories.NETWORKING],
            supported_resources=["aws_vpc_security_group_ingress_rule"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        everyone = first(conf, "cidr_ipv4") == "0.0.0.0/0" or first(conf, "cidr_ipv6") == "::/0"
        if not everyone:
            return CheckResult.PASSED
        start, end = first(conf, "from_port"), first(conf, "to_port")
        covers = first(conf, "ip_protocol") == "-1" or (
            isinstance(start, int) and isinstance(end, int) and start <= NFS <= end
        )
        return CheckResult.FAILED if covers else CheckResult.PASSED


file_system_policy = FileSystemPolicyNamesItsClients()
nfs = NfsIsNotOpenToTheWorld()
