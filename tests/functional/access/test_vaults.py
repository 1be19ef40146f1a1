"""What the policy of the backup vaults comes to, decided by the evaluator of access/.

It is the one that ``terraform test`` renders with the mock provider.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from kosha_access.evaluation import Decision, Document, Policies, Principal, Request, decide

from scripts.guardrails.documents import resources
from scripts.paths import TERRAFORM
from scripts.terraform_tests import first_state

ACCOUNT, STRANGER = "111122223333", "999988887777"
EVERYTHING: Document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
OURS = [f"arn:aws:backup:{region}:{ACCOUNT}:backup-vault:kosha-test-backup" for region in ("ap-south-1", "ap-south-2")]
POINT = f"arn:aws:backup:ap-south-2:{ACCOUNT}:recovery-point:1"


def role(name: str) -> Principal:
    return Principal(
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/x",
        account=ACCOUNT,
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/{name}",
    )


ADMINISTRATOR, ROOT_USER = role("admin"), Principal(arn=f"arn:aws:iam::{ACCOUNT}:root", account=ACCOUNT)


@pytest.fixture(scope="module")
def policies() -> list[Document]:
    """That of each vault."""
    state = first_state(TERRAFORM / "60-protection", "tests/protection.tftest.hcl")
    found = [json.loads(each.values["policy"]) for each in resources(state) if each.type == "aws_backup_vault_policy"]
    assert len(found) == 2
    return found


def ask(policy: Document, who: Principal, action: str, **keys: Any) -> Decision:
    """Somebody with every right of an identity."""
    return decide(Request(who, action, POINT, ACCOUNT, keys), Policies(identity=[EVERYTHING], resource=policy))


@pytest.mark.parametrize("who", [ADMINISTRATOR, ROOT_USER, role("kosha-test-backup"), role("kosha-test-restore")])
@pytest.mark.parametrize(
    "action",
    ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:DeleteBackupVaultLockConfiguration"],
)
def test_nobody_ends_a_recovery_point_before_its_time(policies: list[Document], who: Principal, action: str) -> None:
    for policy in policies:
        assert ask(policy, who, action).reason.endswith("DenyDeletionAndShorterKeeping")


def test_recovery_points_go_from_one_vault_of_ours_to_the_other_and_nowhere_else(policies: list[Document]) -> None:
    def may(policy: Document, *targets: str) -> bool:
        return ask(policy, ADMINISTRATOR, "backup:CopyFromBackupVault", **{"backup:CopyTargets": list(targets)}).allowed

    for policy in policies:
        assert may(policy, OURS[0])
        assert may(policy, OURS[1])
        assert not may(policy, OURS[1].replace("kosha-test-backup", "Default"))
        assert not may(policy, OURS[1].replace(ACCOUNT, STRANGER))
        assert not may(policy, OURS[1], OURS[1].replace(ACCOUNT, STRANGER))


def test_people_restore_and_roles_of_the_platform_do_not(policies: list[Document]) -> None:
    def may(policy: Document, who: Principal) -> bool:
        return ask(policy, who, "backup:StartRestoreJob", **{"aws:PrincipalArn": who.role_arn or who.arn}).allowed

    for policy in policies:
        assert may(policy, ADMINISTRATOR)
        assert may(policy, role("kosha-test-restore"))
        for name in ("backup", "operator", "researcher", "object-tagger", "cluster-hospital"):
            assert not may(policy, role(f"kosha-test-{name}")), name
