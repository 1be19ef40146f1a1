"""The transfer: encrypted on the way, verified, reported, and never deleting what was kept."""

from __future__ import annotations

from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

from policy.checks.values import block, first


class TransferUsesTls(BaseResourceCheck):
    """DataSync mounts the file system with TLS."""

    def __init__(self) -> None:
        super().__init__(
            name="DataSync mounts EFS with TLS 1.2",
            id="CKV_KOSHA_3",
            categories=[CheckCategories.ENCRYPTION],
            supported_resources=["aws_datasync_location_efs"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        return CheckResult.PASSED if first(conf, "in_transit_encryption") == "TLS1_2" else CheckResult.FAILED


class TransferVerifiesAndKeeps(BaseResourceCheck):
    """The task verifies what it wrote, deletes nothing at the destination, logs, and reports."""

    def __init__(self) -> None:
        super().__init__(
            name="DataSync task verifies, keeps deleted files, logs and reports",
            id="CKV_KOSHA_4",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=["aws_datasync_task"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        options = block(conf, "options")
        good = (
            first(options, "verify_mode") in ("ONLY_FILES_TRANSFERRED", "POINT_IN_TIME_CONSISTENT")
            and first(options, "preserve_deleted_files") == "PRESERVE"
            and conf.get("cloudwatch_log_group_arn") not in (None, [None], [""])
            and bool(block(conf, "task_report_config"))
        )
        return CheckResult.PASSED if good else CheckResult.FAILED


tls = TransferUsesTls()
verification = TransferVerifiesAndKeeps()
