"""How long things are kept, and that what encrypts them outlives a region."""

from __future__ import annotations

from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

from policy.checks.values import block, first

A_YEAR = 365


class KeyHasAReplica(BaseResourceCheck):
    """What is encrypted under a key of one region cannot be read after the loss of the region."""

    def __init__(self) -> None:
        super().__init__(
            name="KMS key is multi-region",
            id="CKV_KOSHA_9",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=["aws_kms_key"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        return CheckResult.PASSED if first(conf, "multi_region") is True else CheckResult.FAILED


class NothingExpiresWithinAYear(BaseResourceCheck):
    """Logs and reports are kept a year by law (DPDP Rules 2025, rule 6(1)(e)); data classes longer or for good."""

    def __init__(self) -> None:
        super().__init__(
            name="No bucket lets current objects expire within a year",
            id="CKV_KOSHA_15",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=["aws_s3_bucket_lifecycle_configuration"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        days = [first(block(rule, "expiration"), "days") for rule in conf.get("rule") or [] if isinstance(rule, dict)]
        short = any(isinstance(each, int) and 0 < each < A_YEAR for each in days)
        return CheckResult.FAILED if short else CheckResult.PASSED


replica = KeyHasAReplica()
expiry = NothingExpiresWithinAYear()
