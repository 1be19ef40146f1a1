"""Backups: a copy elsewhere that is kept as long, in vaults nobody empties before the time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

from policy.checks.values import block, first, listed, principals, statements

KEPT_FROM_EVERYBODY = {"backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"}


class BackupIsCopied(BaseResourceCheck):
    """Each rule has an end, and copies that end on the same day: one that goes earlier is none when it is needed."""

    def __init__(self) -> None:
        super().__init__(
            name="Backup plan copies what it backs up, and keeps both as long",
            id="CKV_KOSHA_16",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=["aws_backup_plan"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        rules = [rule for rule in conf.get("rule") or [] if isinstance(rule, dict)]
        good = bool(rules) and all(map(self._is_copied, rules))
        return CheckResult.PASSED if good else CheckResult.FAILED

    @staticmethod
    def _is_copied(rule: dict[str, Any]) -> bool:
        end = first(block(rule, "lifecycle"), "delete_after")
        copies = [copy for copy in rule.get("copy_action") or [] if isinstance(copy, dict)]
        ends = [first(block(copy, "lifecycle"), "delete_after") for copy in copies]
        return end is not None and bool(ends) and all(each == end for each in ends)


class VaultPolicyKeepsWhatIsInIt(BaseResourceCheck):
    """Nobody is admitted by it, and everybody is refused to delete recovery points or to shorten their time."""

    def __init__(self) -> None:
        super().__init__(
            name="Policy of a backup vault admits nobody by star and refuses everybody to delete",
            id="CKV_KOSHA_17",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=["aws_backup_vault_policy"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        found = statements(conf)
        if found is None:
            return CheckResult.UNKNOWN
        refused: set[str] = set()
        for statement in found:
            everybody = "*" in principals(statement)
            if statement["Effect"] == "Allow" and everybody and not statement.get("Condition"):
                return CheckResult.FAILED
            if statement["Effect"] == "Deny" and everybody and not statement.get("Condition"):
                refused |= set(listed(statement.get("Action")))
        return CheckResult.PASSED if refused >= KEPT_FROM_EVERYBODY else CheckResult.FAILED


class VaultIsLockedAndHasAPolicy(BaseResourceCheck):
    """Beside each vault, and with its name in Terraform, stand a policy and a lock with both ends."""

    def __init__(self) -> None:
        super().__init__(
            name="Backup vault has a policy and a lock with a shortest and a longest time",
            id="CKV_KOSHA_18",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=["aws_backup_vault"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        address = str(conf.get("__address__", ""))
        policy = any(self._beside(address, "aws_backup_vault_policy"))
        lock = any(
            first(node, "min_retention_days") and first(node, "max_retention_days")
            for node in self._beside(address, "aws_backup_vault_lock_configuration")
        )
        return CheckResult.PASSED if policy and lock else CheckResult.FAILED

    def _beside(self, vault: str, kind: str) -> Iterator[dict[str, Any]]:
        """The resource of a kind whose address differs from the vault's in nothing but the kind."""
        for _, node in self.graph.nodes() if self.graph else ():
            if node.get("__address__") == vault.replace("aws_backup_vault.", f"{kind}."):
                yield node


copied = BackupIsCopied()
vault_policy = VaultPolicyKeepsWhatIsInIt()
vault = VaultIsLockedAndHasAPolicy()
