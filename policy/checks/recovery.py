"""The copy in the recovery region: everything, deletes included, under a key that is not open."""

from __future__ import annotations

from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

from policy.checks.values import block, first, principals, statements


class ReplicationLeavesNothingOut(BaseResourceCheck):
    """Delete markers follow (which S3 refuses on a rule that filters by tag), and so do objects encrypted with KMS,
    under a key that is named: S3 refuses them otherwise, one by one and silently. Corrections of a replica go back.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html"""

    def __init__(self) -> None:
        super().__init__(
            name="Replication covers every object, delete markers, KMS-encrypted objects and changes of replicas",
            id="CKV_KOSHA_5",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=["aws_s3_bucket_replication_configuration"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        rules = conf.get("rule") or []
        complete = bool(rules) and all(self._is_complete(rule) for rule in rules)
        return CheckResult.PASSED if complete else CheckResult.FAILED

    @staticmethod
    def _is_complete(rule: dict[str, Any]) -> bool:
        criteria = block(rule, "source_selection_criteria")
        selected = [block(criteria, name) for name in ("sse_kms_encrypted_objects", "replica_modifications")]
        # A plan writes arguments that were not given as null, blocks that were not given as empty lists.
        narrowed = any(first(block(rule, "filter"), name) for name in ("prefix", "tag", "and"))
        key = first(block(block(rule, "destination"), "encryption_configuration"), "replica_kms_key_id")
        return (
            first(rule, "status") == "Enabled"
            and bool(key)
            and first(block(rule, "delete_marker_replication"), "status") == "Enabled"
            and all(first(each, "status") == "Enabled" for each in selected)
            and not narrowed
        )


class ReplicaKeyIsNotOpen(BaseResourceCheck):
    """checkov looks at the policies of keys, not at those of their replicas."""

    def __init__(self) -> None:
        super().__init__(
            name="Policy of a replica key admits no unconditioned star principal",
            id="CKV_KOSHA_6",
            categories=[CheckCategories.ENCRYPTION],
            supported_resources=["aws_kms_replica_key"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        found = statements(conf)
        if found is None:
            # A plan leaves the policy out where it is the account's default or known only after apply.
            return CheckResult.UNKNOWN
        is_open = any(
            statement["Effect"] == "Allow" and "*" in principals(statement) and not statement.get("Condition")
            for statement in found
        )
        return CheckResult.FAILED if is_open else CheckResult.PASSED


replication = ReplicationLeavesNothingOut()
replica_key = ReplicaKeyIsNotOpen()
